import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { readNote } from "../../src/core/dead-letter.ts"
import { deadLetterQueue } from "../../src/core/generation.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { FussyProxy } from "../support/fussy-proxy.ts"
import { setMessageBytesMax } from "../support/message-size-max.ts"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../support/private-broker.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const keyed = (key: string) => encodeProperties({ deliveryMode: 2, headers: [["key", key]] })

const configFor = (url: string) => ({
  amqp: { url },
  http: { host: "127.0.0.1", port: 0 },
  topics: {
    orders: {
      source: { queue: "orders.source" },
      key: [{ use: "header" as const, name: "key" }],
      groups: { all: { partitions: 2 } },
    },
  },
})

/** Has the source queue declared, and puts these bodies into it, all of one key. */
async function feed(url: string, bodies: readonly string[]): Promise<void> {
  const connection = await connect(url)
  const publisher = await RawPublisher.open(connection, "orders.source")
  for (const body of bodies) publisher.publish(keyed("k"), encoder.encode(body))
  await publisher.unconfirmedAtMost(0)
  await connection.shut(5_000)
}

/** The bodies in the partition queue of the key, in the order in which each came first. */
async function routed(router: Router, url: string): Promise<string[]> {
  const placed = router.explain("orders", { properties: keyed("k"), body: new Uint8Array(0) })
  if (placed.kind === "rejected") throw new Error(placed.detail)
  const taken = await takeAll(url, placed.placements[0]!.queue)
  return [...new Set(taken.map(({ body }) => decoder.decode(body)))]
}

/** What was on its way when a channel was closed may be there twice. */
async function takeAll(url: string, queue: string): Promise<Delivery[]> {
  const connection = await connect(url)
  const channel = await connection.plainChannel()
  const { messageCount } = await channel.queueDeclare(queue, { passive: true })
  await connection.shut(5_000)
  return take(url, queue, messageCount)
}

describe("a message over which the broker closes the channel", () => {
  const shared = withVhost()

  const startBehind = (proxy: FussyProxy) => startedRouter(configFor(proxy.url(shared.url)))

  test("is found among many, dead-lettered, and lost nothing of the others", async () => {
    const isSour = (header: Buffer, body: Buffer) =>
      body.includes("sour") && !header.includes("x-partymq-reason")
    const proxy = await FussyProxy.listen(shared.url, isSour)
    const router = await startBehind(proxy)
    const bodies = Array.from({ length: 300 }, (_, at) =>
      at % 100 === 50 ? `sour ${at}` : `${at}`,
    )
    await feed(shared.url, bodies)
    await until(() => router.stats.topics.orders!.settled >= bodies.length, {
      what: () => `all to be settled, ${router.stats.topics.orders!.settled} are`,
      timeoutMs: 60_000,
    })
    const { deadLettered, groups, heldMessages } = router.stats.topics.orders!
    expect(deadLettered.refused_by_broker).toBe(3)
    expect(heldMessages).toBe(0)
    expect(groups.all!.orderViolations).toBe(0)
    const letters = await takeAll(shared.url, deadLetterQueue("orders"))
    expect(new Set(letters.map(({ properties }) => readNote(properties).reason))).toEqual(
      new Set(["refused_by_broker"]),
    )
    expect(new Set(letters.map(({ body }) => decoder.decode(body)))).toEqual(
      new Set(["sour 50", "sour 150", "sour 250"]),
    )
    await router.stop()
    const good = bodies.filter((body) => !body.startsWith("sour"))
    expect(await routed(router, shared.url)).toEqual(good)
    proxy.close()
  }, 120_000)

  test("stays in the source, unacked, if not even its dead letter is taken; others pass", async () => {
    const proxy = await FussyProxy.listen(shared.url, (_, body) => body.includes("poison"))
    const router = await startBehind(proxy)
    await feed(shared.url, ["before", "poison", "after"])
    const { stats } = router
    await until(
      () => stats.topics.orders!.settled === 2 && stats.topics.orders!.heldMessages === 1,
      {
        what: "one to be held and two to be settled",
        timeoutMs: 60_000,
      },
    )
    await until(() => router.readiness().ready, { what: "readiness" })
    await feed(shared.url, ["later"])
    await until(() => stats.topics.orders!.settled === 3, { what: "what comes later" })
    await router.stop()
    expect(await routed(router, shared.url)).toEqual(["before", "after", "later"])
    const [left] = await take(shared.url, "orders.source", 1)
    expect(decoder.decode(left!.body)).toBe("poison")
    proxy.close()
  }, 120_000)
})

if (!canStartPrivateBroker) console.warn("skipped: size limits need a rabbitmq-server here")

describe.skipIf(!canStartPrivateBroker)("a message that is larger than the broker takes", () => {
  let broker: PrivateBroker
  beforeAll(async () => {
    broker = await startPrivateBroker()
  }, 60_000)
  afterAll(() => broker?.stop())

  const large = "x".repeat(5_000)

  test("is held in the source and refused over HTTP, until the broker takes it", async () => {
    const before = await connect(broker.url)
    await (await before.plainChannel()).queueDeclare(
      "orders.source",
      { durable: true },
      {
        "x-single-active-consumer": true,
        "x-queue-type": "quorum",
      },
    )
    await feed(broker.url, ["a", large, "b"])
    await before.shut(5_000)
    await setMessageBytesMax(broker, 1_000)
    const router = await startedRouter(configFor(broker.url))
    const stats = router.stats.topics.orders!
    await until(() => stats.settled === 2 && stats.heldMessages === 1, {
      what: "one to be held and two to be settled",
      timeoutMs: 60_000,
    })
    const message = { properties: keyed("k"), body: encoder.encode(large) }
    const outcome = await router.publish("orders", message)
    // The connection outlives all of this.
    expect(router.stats.reconnects.publish).toBe(0)
    expect(outcome).toMatchObject({ kind: "rejected", reason: "body_too_large" })
    await setMessageBytesMax(broker, 10_000)
    await router.stop()
    const again = await startedRouter(configFor(broker.url))
    await until(() => again.stats.topics.orders!.settled === 1, { what: "the large one" })
    await again.stop()
    expect(await routed(again, broker.url)).toEqual(["a", "b", large])
  }, 120_000)
})
