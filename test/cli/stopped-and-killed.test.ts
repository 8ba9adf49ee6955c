import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { encodeProperties } from "../../src/wire/properties.ts"
import { type FileChange, generatedChanges } from "../support/file-changes.ts"
import { GroupConsumers } from "../support/group-consumers.ts"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { seeded } from "../support/seed.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { isReady, type Serving, serving } from "./serving.ts"
import { topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()
const encoder = new TextEncoder()
const prefetch = 200
const partitions = 4
const shutdownTimeoutMs = 5_000
const unconfirmedMax = 1_000

/** A topic with a source, and all that its one group's consumers see. */
async function underLoad(events: readonly FileChange[]) {
  const source = unique("source")
  const folder = topicFolder(
    vhost.url,
    {
      source: { queue: source, prefetch },
      key: [{ use: "jsonpath", path: "$.file.key" }],
      groups: { all: { partitions } },
    },
    { settings: { http: { host: "127.0.0.1", port: 0 }, shutdownTimeoutMs } },
  )
  const { topic, options } = folder
  const oracle = new OrderOracle()
  const connection = await connect(vhost.url)
  let consumers: GroupConsumers | undefined
  return {
    topic,
    oracle,
    start: () => serving("serve", options),
    /** Publishes all events, no faster than the broker takes them. */
    async publish(): Promise<void> {
      const publisher = await RawPublisher.open(connection, source)
      const properties = encodeProperties({ contentType: "application/json", deliveryMode: 2 })
      for (const { text } of events) {
        publisher.publish(properties, encoder.encode(text))
        await publisher.unconfirmedAtMost(unconfirmedMax)
      }
      await publisher.unconfirmedAtMost(0)
    },
    async consume(): Promise<void> {
      const queues = Array.from(
        { length: partitions },
        (_, index) => `partymq.${topic}.all.g1.p${index}`,
      )
      consumers = await GroupConsumers.start(vhost.url, queues, 2, oracle)
    },
    async consumed(count = events.length): Promise<void> {
      await until(() => oracle.distinct >= count, {
        what: () => `${count} events to be consumed, ${oracle.distinct} are`,
        timeoutMs: 40_000,
      })
    },
    async [Symbol.asyncDispose]() {
      await consumers?.stop()
      await connection.shut(5_000)
      folder[Symbol.dispose]()
    },
  }
}

/** What a router has taken from its sources so far. */
async function consumedBy({ url }: Serving): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^partymq_consumed_messages_total\S* (\d+)/m.exec(text)?.[1] ?? 0)
}

const routes = (router: Serving, count: number) =>
  until(async () => (await consumedBy(router)) >= count, {
    what: `the router to have taken ${count} messages`,
  })

describe("under load", () => {
  test("SIGTERM settles what is in flight: nothing is lost, doubled or out of order", async () => {
    const events = generatedChanges(12_000, 1_000)
    await using load = await underLoad(events)
    {
      await using first = await load.start()
      await isReady(first)
      await load.consume()
      const publishing = load.publish()
      await routes(first, 1_000)
      const askedMs = performance.now()
      first.child.kill("SIGTERM")
      expect(await first.child.exited).toBe(0)
      expect(performance.now() - askedMs).toBeLessThan(shutdownTimeoutMs)
      await publishing
    }
    expect(load.oracle.distinct).toBeLessThan(events.length)
    await using second = await load.start()
    await load.consumed()
    expect(load.oracle.verdict(events)).toEqual(flawless)
    second.child.kill("SIGTERM")
    expect(await second.child.exited).toBe(0)
  })

  test(
    "kill -9 loses nothing and keeps order; no more than what was in flight comes twice",
    seeded(async (random) => {
      const events = generatedChanges(12_000, 1_000)
      const kills = 3
      await using load = await underLoad(events)
      let publishing: Promise<void> | undefined
      for (let kill = 0; kill < kills; kill++) {
        await using router = await load.start()
        await isReady(router)
        if (publishing === undefined) {
          await load.consume()
          publishing = load.publish()
        }
        await routes(router, 1 + random.integer(3_000))
        router.child.kill("SIGKILL")
        await router.child.exited
      }
      await publishing
      expect(load.oracle.distinct).toBeLessThan(events.length)
      await using last = await load.start()
      await isReady(last)
      await load.consumed()
      const { duplicated, ...others } = load.oracle.verdict(events)
      const { duplicated: _, ...flawlessOtherwise } = flawless
      expect(others).toEqual(flawlessOtherwise)
      expect(duplicated).toBeLessThanOrEqual(kills * prefetch)
    }),
  )

  test("of two replicas one routes; the other goes on in order when that is killed", async () => {
    const events = generatedChanges(12_000, 1_000)
    await using load = await underLoad(events)
    await using active = await load.start()
    await isReady(active)
    await using standby = await load.start()
    await isReady(standby)
    await load.consume()
    const publishing = load.publish()
    await routes(active, 2_000)
    expect(await consumedBy(standby)).toBe(0)
    active.child.kill("SIGKILL")
    await publishing
    await load.consumed()
    expect(await consumedBy(standby)).toBeGreaterThan(0)
    const { duplicated, ...others } = load.oracle.verdict(events)
    const { duplicated: _, ...flawlessOtherwise } = flawless
    expect(others).toEqual(flawlessOtherwise)
    expect(duplicated).toBeLessThanOrEqual(prefetch)
  })
})
