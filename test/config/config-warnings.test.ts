import { expect, test } from "bun:test"
import { configWarnings } from "../../src/config/config-warnings.ts"
import { parseConfig } from "../../src/config/parse-config.ts"

const warningsOf = (queue: object) =>
  configWarnings(parseConfig({ topics: { t: { groups: { g: { queue } } } } }))

test("a length limit on a classic queue is warned of, whatever its overflow", () => {
  for (const overflow of ["reject-publish", "drop-head"]) {
    for (const limit of ["maxLength", "maxLengthBytes"]) {
      const [warning, ...others] = warningsOf({ type: "classic", overflow, [limit]: 5 })
      expect(others).toEqual([])
      expect(warning).toMatchObject({
        code: "classic_length_limit",
        path: `topics.t.groups.g.queue.${limit}`,
      })
      expect(warning?.message).toStartWith(`${warning?.path}: a classic queue drops`)
    }
  }
})

test("two limits on one queue are one warning, and every group has its own", () => {
  const queue = { type: "classic", overflow: "reject-publish", maxLength: 5, maxLengthBytes: 5 }
  expect(warningsOf(queue)).toHaveLength(1)
  const groups = { a: { queue }, b: { queue } }
  const warnings = configWarnings(parseConfig({ topics: { t: { groups }, u: { groups } } }))
  expect(warnings.map(({ path }) => path.replace(".queue.maxLength", ""))).toEqual([
    "topics.t.groups.a",
    "topics.t.groups.b",
    "topics.u.groups.a",
    "topics.u.groups.b",
  ])
})

test("a quorum queue with a limit, and a classic one without, are not warned of", () => {
  expect(warningsOf({ maxLength: 5 })).toEqual([])
  expect(warningsOf({ type: "classic" })).toEqual([])
})

test("settings of TLS beside a URL that does not use it are warned of", () => {
  const topics = { t: { onMissingKey: "spread" as const } }
  const codes = (url: string) =>
    configWarnings(parseConfig({ amqp: { url, tls: { caFile: "ca.pem" } }, topics })).map(
      ({ code }) => code,
    )
  expect(codes("amqp://h")).toEqual(["tls_not_used"])
  expect(codes("amqps://h")).toEqual([])
  expect(configWarnings(parseConfig({ amqp: { url: "amqp://h" }, topics }))).toEqual([])
})
