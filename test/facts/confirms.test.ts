import { describe, expect, test } from "bun:test"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { management } from "../support/management.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

/** What RabbitMQ's confirms do and do not say, and what a router must make of it. */

const vhost = withVhost()
const encoder = new TextEncoder()
const keyed = (key: string) => encodeProperties({ deliveryMode: 2, headers: [["k", key]] })
const numbered = (count: number) => Array.from({ length: count }, (_, n) => String(n))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

type TopicInput = ConfigInput["topics"][string]

const configured = (topic: string, input: Partial<TopicInput>, url = vhost.url): ConfigInput => ({
  amqp: { url },
  shutdownTimeoutMs: 1_000,
  topics: {
    [topic]: {
      source: { queue: `${topic}.source` },
      key: [{ use: "header", name: "k" }],
      retry: { backoffMs: 10, backoffMaxMs: 50 },
      groups: { g: { partitions: 1, queue: { type: "classic" } } },
      ...input,
    },
  },
})

const fullAtOne = { type: "classic", maxLength: 1, overflow: "reject-publish" } as const

/** A key for each of two partitions, found by asking. */
function keysOfBoth(router: Router, topic: string): readonly [string, string] {
  const keys = ["", ""] as [string, string]
  for (let n = 0; keys.includes(""); n++) {
    const decided = router.explain(topic, { properties: keyed(`k${n}`), body: encoder.encode("") })
    if (decided.kind === "routed") keys[decided.placements[0]!.partition as 0 | 1] ||= `k${n}`
  }
  return keys
}

test("a return is confirmed too, and the copy is sent again all the same", async () => {
  const topic = unique("returned")
  const router = await startedRouter(configured(topic, {}))
  const queue = partitionQueue(topic, "g", 1, 0)
  await management("DELETE", `/api/queues/${vhost.name}/${queue}`)
  const publishing = numbered(200).map((body) =>
    router.publish(topic, { properties: keyed("a"), body: encoder.encode(body) }),
  )
  for (const { kind } of await Promise.all(publishing)) expect(kind).toBe("accepted")
  const arrived = await take(vhost.url, queue, 200)
  expect(arrived.map(({ body }) => text(body))).toEqual(numbered(200))
  const { returned, confirmed } = router.stats.topics[topic]!.groups.g!
  expect(returned).toBeGreaterThan(0)
  expect(confirmed).toBe(200)
  await router.stop()
})

test("confirms that come out of order ack nothing behind a message that has none", async () => {
  const topic = unique("watermark")
  const groups = { g: { partitions: 2, queue: fullAtOne } }
  const router = await startedRouter(configured(topic, { groups }))
  const [stuck, flowing] = keysOfBoth(router, topic)
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, `${topic}.source`)
  // The first fills its partition, the second is refused there, and the others are taken elsewhere.
  for (const key of [stuck, stuck]) publisher.publish(keyed(key), encoder.encode(key))
  for (const n of numbered(100)) publisher.publish(keyed(flowing), encoder.encode(n))
  await publisher.unconfirmedAtMost(0)
  await take(vhost.url, partitionQueue(topic, "g", 1, 1), 100)
  const { groups: stats } = router.stats.topics[topic]!
  await until(() => stats.g!.confirmed === 101, { what: "all but one to be confirmed" })
  await router.stop()
  await expectMessages(connection, `${topic}.source`, 101)
  await connection.shut(5_000)
})

test("one frame confirms many, in any order over many queues, and each counts once", async () => {
  const topic = unique("many")
  const router = await startedRouter(configured(topic, { groups: { g: { partitions: 8 } } }))
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, `${topic}.source`)
  for (const n of numbered(3_000)) publisher.publish(keyed(n), encoder.encode(n))
  await publisher.unconfirmedAtMost(0)
  const stats = router.stats.topics[topic]!
  await until(() => stats.settled === 3_000, { what: "all to settle", timeoutMs: 30_000 })
  expect(stats.groups.g).toMatchObject({ confirmed: 3_000, retried: 0, inFlight: 0 })
  expect(stats.inFlightMessages).toBe(0)
  await expectMessages(connection, `${topic}.source`, 0)
  await connection.shut(5_000)
  await router.stop()
}, 40_000)

test("a full queue of one group is no reason to send another group its copy twice", async () => {
  const topic = unique("fan")
  const groups = {
    full: { partitions: 1, queue: fullAtOne },
    free: { partitions: 1, queue: { type: "classic" } },
  } as const
  const router = await startedRouter(configured(topic, { groups }))
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, `${topic}.source`)
  for (const n of numbered(10)) publisher.publish(keyed("a"), encoder.encode(n))
  await publisher.unconfirmedAtMost(0)
  const stats = router.stats.topics[topic]!
  await until(() => stats.groups.full!.nacked > 3, { what: "the full queue to refuse" })
  const taken = async (group: string) =>
    (await take(vhost.url, partitionQueue(topic, group, 1, 0), 10)).map(({ body }) => text(body))
  expect(await taken("full")).toEqual(numbered(10))
  expect(await taken("free")).toEqual(numbered(10))
  await until(() => stats.settled === 10, { what: "all to settle" })
  await expectMessages(connection, partitionQueue(topic, "free", 1, 0), 0)
  expect(stats.groups.full!.orderViolations).toBe(0)
  await connection.shut(5_000)
  await router.stop()
})

describe("a broker that says nothing any more while it is written to", () => {
  /** A router behind a proxy that lets nothing come back; what it publishes goes out all the same. */
  async function unheard(amqp: Partial<ConfigInput["amqp"]>, reason: "silent" | "confirm_timeout") {
    const url = new URL(vhost.url)
    const proxy = await TcpProxy.listen(Number(url.port))
    url.port = String(proxy.port)
    const topic = unique("unheard")
    const config = configured(topic, {}, url.href)
    const router = await startedRouter({ ...config, amqp: { url: url.href, ...amqp } })
    proxy.weather.hold("down")
    const body = encoder.encode("x".repeat(1_000))
    const writing = setInterval(() => {
      router.publish(topic, { properties: keyed("a"), body }).catch(() => {})
    }, 20)
    const losses = router.stats.losses.publish
    await until(() => losses[reason] === 1, {
      what: "the broker to be given up",
      timeoutMs: 15_000,
    })
    clearInterval(writing)
    proxy.weather.clear()
    await until(() => router.readiness().ready, { what: "readiness", timeoutMs: 15_000 })
    const published = await router.publish(topic, { properties: keyed("a"), body })
    expect(published.kind).toBe("accepted")
    await router.stop()
    await proxy.close()
    return router
  }

  test("is given up for the confirms it owes, though no heartbeat is due", async () => {
    await unheard({ heartbeatSeconds: 60, confirmTimeoutMs: 1_000 }, "confirm_timeout")
  }, 30_000)

  test("is given up for its silence, though writing would satisfy a heartbeat", async () => {
    await unheard({ heartbeatSeconds: 1, confirmTimeoutMs: 60_000 }, "silent")
  }, 30_000)
})
