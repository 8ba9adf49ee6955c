import { describe, expect, test } from "bun:test"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { bounds } from "../../src/core/bounds.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import { createLog } from "../../src/log.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { closeConnection } from "../support/consumer-connections.ts"
import { management } from "../support/management.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

/** One line for a change of state, with thousands of messages on their way. */

const vhost = withVhost()
const properties = encodeProperties({ deliveryMode: 2, headers: [["k", "a"]] })
const missing = "a queue is missing; it is declared again, and its messages are sent again"
const refusing = "a queue refuses messages; they are sent again until it takes them"
const takesAgain = "the queue takes messages again"
const calm = { timeoutMs: 3 * bounds.conditionCalmMs }

type QueueInput = NonNullable<ConfigInput["topics"][string]["groups"]>[string]["queue"]

async function logging(queue: QueueInput) {
  const lines: { msg: string; queue?: string; connection?: string; reason?: string }[] = []
  const log = createLog({
    level: "info",
    isPretty: false,
    stream: { write: (line: string) => lines.push(JSON.parse(line)) },
  })
  const topic = unique("lines")
  const config: ConfigInput = {
    amqp: { url: vhost.url },
    topics: {
      [topic]: {
        source: { queue: `${topic}.source`, prefetch: 2_000 },
        key: [{ use: "header", name: "k" }],
        retry: { backoffMs: 1, backoffMaxMs: 5 },
        groups: { g: { partitions: 1, queue } },
      },
    },
  }
  const router = await startedRouter(config, { log })
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, `${topic}.source`)
  async function publish(count: number, list: Uint8Array): Promise<void> {
    for (let n = 0; n < count; n++) publisher.publish(list, new Uint8Array(10))
    await publisher.unconfirmedAtMost(0)
  }
  return {
    router,
    topic,
    stats: router.stats.topics[topic]!,
    partition: partitionQueue(topic, "g", 1, 0),
    lines,
    said: () => lines.map(({ msg }) => msg).slice(2),
    publish: (count: number) => publish(count, properties),
    publishUnkeyed: (count: number) => publish(count, encodeProperties({ deliveryMode: 2 })),
    async [Symbol.asyncDispose]() {
      await router.stop()
      await connection.shut(5_000)
    },
  }
}

describe("thousands of messages in flight make two lines:", () => {
  test("of a queue that is full and has room now and then", async () => {
    const queue = { type: "classic", maxLength: 1, overflow: "reject-publish" } as const
    await using at = await logging(queue)
    await at.publish(3_000)
    await until(() => at.stats.groups.g!.nacked > 20, { what: "refusals" })
    await take(vhost.url, at.partition, 3_000)
    await until(() => at.stats.settled === 3_000, { what: "all to settle" })
    expect(at.stats.groups.g!.nacked).toBeGreaterThan(20)
    await until(() => at.said().length >= 2, { what: "the end of it", ...calm })
    expect(at.said()).toEqual([refusing, takesAgain])
    expect(at.lines[2]!.queue).toBe(at.partition)
  }, 60_000)

  test("of a queue that is deleted time and again", async () => {
    await using at = await logging({ type: "classic" })
    for (let round = 1; round <= 5; round++) {
      await management("DELETE", `/api/queues/${vhost.name}/${at.partition}`)
      await at.publish(1_000)
      await until(() => at.stats.settled === 1_000 * round, { what: "all to settle" })
    }
    expect(at.stats.groups.g!.returned).toBeGreaterThanOrEqual(5)
    await until(() => at.said().length >= 2, { what: "the end of it", ...calm })
    expect(at.said()).toEqual([missing, takesAgain])
    expect(at.lines[2]!.queue).toBe(at.partition)
  }, 60_000)
})

test("a connection that an operator closes under load makes two lines, and says who it was", async () => {
  await using at = await logging({ type: "classic" })
  const listed = await until(
    async () => {
      const path = `/api/vhosts/${vhost.name}/connections`
      const open = await management<{ name: string; user_provided_name?: string }[]>("GET", path)
      const ours = open.filter((each) => each.user_provided_name === "partymq publish")
      return ours.length > 0 ? ours : undefined
    },
    { what: "the connection to be listed", timeoutMs: 20_000 },
  )
  await at.publish(2_000)
  const before = at.router.stats.reconnects.publish
  for (const { name } of listed) {
    await closeConnection(name)
  }
  await until(() => at.router.stats.reconnects.publish > before, { what: "the reconnect" })
  await until(() => at.stats.settled === 2_000, { what: "all to settle" })
  expect(at.said()).toEqual(["connection lost", "connected"])
  expect(at.lines[2]!.reason).toContain("CONNECTION_FORCED")
  expect(at.router.stats.losses.publish).toMatchObject({ closed_by_broker: 1, socket: 0 })
}, 60_000)

test("a source that does not settle has an age, and a wait that is told by gauges", async () => {
  const queue = { type: "classic", maxLength: 1, overflow: "reject-publish" } as const
  await using at = await logging(queue)
  expect(at.stats.oldestArrivedMs()).toBeUndefined()
  const publishedMs = Date.now()
  await at.publish(50)
  await until(() => at.stats.groups.g!.nacked > 0, { what: "a refusal" })
  expect(at.stats.oldestArrivedMs()).toBeGreaterThanOrEqual(publishedMs)
  expect(at.stats.oldestArrivedMs()).toBeLessThanOrEqual(Date.now())
  const [lane] = at.stats.groups.g!.lanes
  expect(lane!.size).toBe(49)
  expect(at.stats.groups.g!.inFlight).toBeLessThanOrEqual(1)
  await take(vhost.url, at.partition, 50)
  await until(() => at.stats.settled === 50, { what: "all to settle" })
  expect(at.stats.oldestArrivedMs()).toBeUndefined()
  expect(lane!.size).toBe(0)
})

test("a dead letter whose queue is gone is counted, said and sent again", async () => {
  await using at = await logging({ type: "classic" })
  const queue = `partymq.${at.topic}.dlq`
  await management("DELETE", `/api/queues/${vhost.name}/${queue}`)
  await at.publishUnkeyed(500)
  await until(() => at.stats.settled === 500, { what: "all to settle" })
  expect(at.stats.deadLettered.missing_key).toBe(500)
  expect(at.stats.deadLetterCopies).toMatchObject({ confirmed: 500, inFlight: 0 })
  expect(at.stats.deadLetterCopies.returned).toBeGreaterThan(0)
  expect(at.stats.deadLetterCopies.retried).toBeGreaterThan(0)
  expect(at.stats.deadLetterCopies.lanes.map(({ size }) => size)).toEqual([0])
  expect(at.said()).toEqual([missing])
  expect(at.lines.at(-1)!.queue).toBe(queue)
})
