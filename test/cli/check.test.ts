import { describe, expect, test } from "bun:test"
import { parse } from "yaml"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { runPartymq } from "./partymq.ts"

const config = `import { defineConfig } from "partymq"
export default defineConfig({
  amqp: { url: "amqp://me:hush@broker/v" },
  topics: {
    orders: {
      key: [{ use: "header", name: "partitionKey" }],
      groups: { billing: { partitions: 4, partitioner: { use: "./mine.ts", to: 3 } } },
    },
  },
})`
const plugin = `import { definePartitioner } from "partymq"
import * as v from "valibot"
export default definePartitioner({
  name: "mine",
  options: v.strictObject({ to: v.number() }),
  guarantees: { deterministic: true, balanced: false, movement: "any", weighted: false },
  create: ({ to }) => () => to,
})`
const files = { "partymq.config.ts": config, "mine.ts": plugin }

describe("check of a right configuration", () => {
  test("prints the effective one for people, without secrets, and exits with 0", async () => {
    using folder = temporaryFolder(files)
    const environment = { PARTYMQ_HTTP_PORT: "9009" }
    const run = await runPartymq(["check"], { folder: folder.path, environment })
    expect(run.stderr).toBe("")
    expect(run.exitCode).toBe(0)
    expect(run.stdout).toContain("# http.port comes from PARTYMQ_HTTP_PORT")
    expect(run.stdout).not.toContain("hush")
    const printed = parse(run.stdout)
    expect(printed.amqp.url).toBe("amqp://me:***@broker/v")
    expect(printed.http).toMatchObject({ port: 9009, host: "0.0.0.0" })
    expect(printed.topics.orders.groups.billing.partitioner).toEqual({ use: "./mine.ts", to: 3 })
  })

  test("prints the same as JSON when asked, and a flag counts before the environment", async () => {
    using folder = temporaryFolder(files)
    const environment = { PARTYMQ_HTTP_PORT: "9009", LOG_LEVEL: "warn" }
    const args = ["check", "--output", "json", "--http-port", "9010"]
    const run = await runPartymq(args, { folder: folder.path, environment })
    expect(run.exitCode).toBe(0)
    expect(run.stdout).not.toContain("hush")
    expect(JSON.parse(run.stdout)).toMatchObject({
      amqp: { url: "amqp://me:***@broker/v" },
      http: { port: 9010 },
      log: { level: "warn" },
    })
  })

  test("understands the original PartyMQ's environment", async () => {
    using folder = temporaryFolder()
    const environment = { PARTYMQ_RABBIT_CS: "amqp://me:hush@broker" }
    const check = await runPartymq(["check"], { folder: folder.path, environment })
    expect(check.exitCode).toBe(0)
    expect(check.stdout).toContain("partymq.q.source")
  })
})

test("check warns of what can cost messages, beside its result", async () => {
  const queue = { type: "classic", maxLength: 5, overflow: "reject-publish" }
  const limited = JSON.stringify({ topics: { orders: { groups: { billing: { queue } } } } })
  using folder = temporaryFolder({ "partymq.config.json": limited })
  const path = "topics.orders.groups.billing.queue.maxLength"
  const text = await runPartymq(["check"], { folder: folder.path })
  expect(text.exitCode).toBe(0)
  expect(text.stderr).toStartWith(`partymq: warning: ${path}: a classic queue drops`)
  expect(parse(text.stdout).topics.orders.groups.billing.queue).toEqual(queue)
  const json = await runPartymq(["check", "--output=json"], { folder: folder.path })
  expect(json.exitCode).toBe(0)
  const { warning } = JSON.parse(json.stderr)
  expect(warning).toMatchObject({ code: "classic_length_limit", path })
  expect(JSON.parse(json.stdout).topics.orders.groups.billing.queue).toEqual(queue)
})

describe("check of a wrong configuration", () => {
  test("lists every mistake and exits with 2", async () => {
    const wrong = config
      .replace("partitions: 4", "partitions: 0")
      .replace("topics", "htpt: 1, topics")
    using folder = temporaryFolder({ ...files, "partymq.config.ts": wrong })
    const run = await runPartymq(["check"], { folder: folder.path })
    expect(run.exitCode).toBe(2)
    expect(run.stdout).toBe("")
    expect(run.stderr).toContain("the configuration has 2 mistakes:")
    expect(run.stderr).toContain("topics.orders.groups.billing.partitions is 0; allowed: a whole")
    expect(run.stderr).toContain("htpt is not a known key")
    expect(run.stderr).not.toContain("    at ")
  })

  test("lists them as JSON when asked", async () => {
    using folder = temporaryFolder({ "partymq.config.json": '{"topics":{"a.b":{}}}' })
    const run = await runPartymq(["check", "--output=json"], { folder: folder.path })
    expect(run.exitCode).toBe(2)
    const { error } = JSON.parse(run.stderr)
    expect(error.code).toBe("config_invalid")
    expect(error.problems).toHaveLength(1)
    expect(error.problems[0]).toMatchObject({ path: 'topics["a.b"]', found: 'named "a.b"' })
  })

  test("lists plugins that are missing or refuse their options, all of them", async () => {
    const wrong = config.replace("to: 3", 'to: "x"').replace('"header"', '"haeder"')
    using folder = temporaryFolder({ ...files, "partymq.config.ts": wrong })
    const run = await runPartymq(["check"], { folder: folder.path })
    expect(run.exitCode).toBe(2)
    expect(run.stderr).toContain('topics.orders.key[0]: plugin "haeder" was not found')
    expect(run.stderr).toContain('topics.orders.groups.billing.partitioner: plugin "./mine.ts"')
  })

  test("says what to do where there is none, whatever the command", async () => {
    using folder = temporaryFolder()
    for (const args of [["check"], ["serve"], ["publish", "orders"]]) {
      const run = await runPartymq(args, { folder: folder.path })
      expect(run.exitCode).toBe(2)
      expect(run.stderr).toContain("put a partymq.config.ts")
    }
  })
})

test("check reads the files of TLS, and what is wrong with one is wrong configuration", async () => {
  using folder = temporaryFolder({
    "partymq.config.json": JSON.stringify({
      amqp: { url: "amqps://broker", tls: { caFile: "missing.pem" } },
      topics: { orders: { onMissingKey: "spread" } },
    }),
  })
  for (const command of [["check"], ["serve"], ["publish", "orders", "--body", "b"]]) {
    const { exitCode, stderr } = await runPartymq(command, { folder: folder.path })
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("amqp.tls.caFile")])
  }
})
