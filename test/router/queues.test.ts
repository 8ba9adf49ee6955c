import { describe, expect, test } from "bun:test"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { closeConnection } from "../support/consumer-connections.ts"
import { management } from "../support/management.ts"
import { take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const encoder = new TextEncoder()
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const keyed = (key: string, body: string) => ({
  properties: encodeProperties({ deliveryMode: 2, headers: [["k", key]] }),
  body: encoder.encode(body),
})

type Topic = NonNullable<ConfigInput["topics"]>[string]

const configured = (topic: string, group: NonNullable<Topic["groups"]>[string]): ConfigInput => ({
  amqp: { url: vhost.url },
  topics: {
    [topic]: {
      key: [{ use: "header", name: "k" }],
      groups: { g: group },
      retry: { attemptsMax: 3, backoffMs: 10, backoffMaxMs: 50 },
    },
  },
})

describe("a partition queue", () => {
  test("is durable, single-active and of the type and limits configured", async () => {
    const topic = unique("declared")
    const limits = { maxLength: 10, overflow: "reject-publish", messageTtlMs: 60_000 } as const
    const queue = { type: "classic", ...limits } as const
    const router = await startedRouter(configured(topic, { partitions: 2, queue }))
    const found = await management<{ durable: boolean; arguments: object }>(
      "GET",
      `/api/queues/${vhost.name}/partymq.${topic}.g.g1.p1`,
    )
    expect(found.durable).toBe(true)
    expect(found.arguments).toEqual({
      "x-single-active-consumer": true,
      "x-queue-type": "classic",
      "x-max-length": 10,
      "x-overflow": "reject-publish",
      "x-message-ttl": 60_000,
    })
    await router.stop()
  })

  test("that was deleted is declared again, and the message goes into it", async () => {
    const topic = unique("deleted")
    const router = await startedRouter(configured(topic, { partitions: 1 }))
    const queue = `partymq.${topic}.g.g1.p0`
    await management("DELETE", `/api/queues/${vhost.name}/${queue}`)
    const outcomes = await Promise.all(
      ["1", "2", "3"].map((body) => router.publish(topic, keyed("a", body))),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"])
    const bodies = (await take(vhost.url, queue, 3)).map(({ body }) => text(body))
    expect(bodies).toEqual(["1", "2", "3"])
    expect(router.stats.topics[topic]!.groups.g!.returned).toBeGreaterThan(0)
    await router.stop()
  })

  test("that is full holds back its own messages, in order, and no other partition's", async () => {
    const topic = unique("full")
    const queue = { type: "classic", maxLength: 2, overflow: "reject-publish" } as const
    const router = await startedRouter(configured(topic, { partitions: 2, queue }))
    const [first, second] = keysOfPartitions(router, topic)
    const full = ["1", "2", "3", "4", "5", "6"].map((body) =>
      router.publish(topic, keyed(first, body)),
    )
    await until(() => router.stats.topics[topic]!.groups.g!.nacked > 0, { what: "a refusal" })
    expect((await router.publish(topic, keyed(second, "free"))).kind).toBe("accepted")
    const taken = await take(vhost.url, `partymq.${topic}.g.g1.p0`, 6)
    expect(taken.map(({ body }) => text(body))).toEqual(["1", "2", "3", "4", "5", "6"])
    const kinds = (await Promise.all(full)).map(({ kind }) => kind)
    expect(kinds).toEqual(Array(6).fill("accepted"))
    expect(router.stats.topics[topic]!.groups.g!.orderViolations).toBe(0)
    await router.stop()
  })

  test("that stays full is answered as unavailable in the time allowed, and gets nothing later", async () => {
    const topic = unique("stuck")
    const queue = { type: "classic", maxLength: 1, overflow: "reject-publish" } as const
    const router = await startedRouter({
      ...configured(topic, { partitions: 1, queue }),
      http: { publishTimeoutMs: 300 },
    })
    expect((await router.publish(topic, keyed("a", "1"))).kind).toBe("accepted")
    const late = await Promise.all([
      router.publish(topic, keyed("a", "2")),
      router.publish(topic, keyed("a", "3")),
    ])
    for (const outcome of late) expect(["unavailable", "unknown"]).toContain(outcome.kind)
    expect(
      (await take(vhost.url, `partymq.${topic}.g.g1.p0`, 1)).map(({ body }) => text(body)),
    ).toEqual(["1"])
    await until(() => router.stats.topics[topic]!.inFlightMessages === 0, { what: "all settled" })
    await router.stop()
  })
})

/** A key for partition 0 and one for partition 1. */
function keysOfPartitions(
  router: Awaited<ReturnType<typeof startedRouter>>,
  topic: string,
): [string, string] {
  const keys: [string, string] = ["", ""]
  for (let n = 0; keys.includes(""); n++) {
    const decision = router.explain(topic, keyed(`key-${n}`, ""))
    if (decision.kind === "routed") keys[decision.placements[0]!.partition] = `key-${n}`
  }
  return keys
}

test("connections closed by an operator lose and reorder nothing", async () => {
  const topic = unique("closed")
  const router = await startedRouter(
    configured(topic, { partitions: 1, queue: { type: "classic" } }),
  )
  const { reconnects } = router.stats
  const closing = (async () => {
    for (let closed = 0; closed < 2; closed++) {
      await until(closePublishConnection, { what: "the connection to be listed" })
      await until(() => reconnects.publish > closed, { what: "a reconnect" })
    }
  })()
  let accepted = 0
  while (reconnects.publish < 2) {
    // One after the other, and each again until it is accepted, as an HTTP producer would.
    const publish = async () =>
      (await router.publish(topic, keyed("a", String(accepted)))).kind === "accepted"
    await until(publish, { what: `message ${accepted} to be accepted`, intervalMs: 1 })
    accepted += 1
  }
  await closing
  const [group] = await router.describe(topic)
  const { queue, messages } = group!.queues[0]!
  const taken = await take(vhost.url, queue, messages!)
  const firsts = [...new Set(taken.map(({ body }) => text(body)))]
  expect(firsts).toEqual(Array.from({ length: accepted }, (_, n) => String(n)))
  await router.stop()
}, 60_000)

/** The management API lists a connection some seconds after it was opened. */
async function closePublishConnection(): Promise<boolean> {
  const path = `/api/vhosts/${vhost.name}/connections`
  const open = await management<{ name: string; user_provided_name?: string }[]>("GET", path)
  const ours = open.filter((each) => each.user_provided_name === "partymq publish")
  for (const { name } of ours) {
    await closeConnection(name)
  }
  return ours.length > 0
}
