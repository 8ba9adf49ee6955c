import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { serveHttp } from "../../src/http/serve-http.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { problemOf } from "../http/problem-of.ts"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../support/private-broker.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"

if (!canStartPrivateBroker) console.warn("skipped: alarms need a rabbitmq-server on this machine")

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const publishTimeoutMs = 2_000
const prefetch = 100
const backlog = 1_000

/** How an alarm is raised and ended. */
const alarms = [
  [
    "memory",
    ["set_vm_memory_high_watermark", "0.00000001"],
    ["set_vm_memory_high_watermark", "0.6"],
  ],
  ["disk", ["set_disk_free_limit", "9999GB"], ["set_disk_free_limit", "50MB"]],
] as const

describe.skipIf(!canStartPrivateBroker)("a broker that blocks publishers", () => {
  let broker: PrivateBroker
  beforeAll(async () => {
    broker = await startPrivateBroker()
  }, 60_000)
  afterAll(() => broker?.stop())

  const queue = { type: "classic" } as const
  const start = (topic: string) =>
    startedRouter({
      amqp: { url: broker.url },
      http: { host: "127.0.0.1", port: 0, publishTimeoutMs },
      topics: {
        [topic]: {
          source: { queue: `${topic}.source`, type: "classic", prefetch },
          key: [{ use: "header", name: "key" }],
          groups: { all: { partitions: 1, queue } },
          deadLetter: queue,
        },
        [`${topic}-http`]: { groups: { all: { partitions: 1, queue } }, deadLetter: queue },
      },
    })

  /** Fills a topic's source queue, and keeps its router from reading it until told to let go. */
  async function heldBacklog(topic: string): Promise<() => Promise<void>> {
    const connection = await connect(broker.url)
    const channel = await connection.plainChannel()
    const source = `${topic}.source`
    await channel.queueDeclare(source, { durable: true })
    const publisher = await RawPublisher.open(connection, source)
    const properties = encodeProperties({ deliveryMode: 2, headers: [["key", "k"]] })
    for (let n = 0; n < backlog; n++) publisher.publish(properties, encoder.encode(String(n)))
    await publisher.unconfirmedAtMost(0)
    await channel.prefetch(1)
    await channel.basicConsume(source, { noAck: false, exclusive: true }, () => {})
    return () => connection.shut(1_000)
  }

  for (const [resource, raise, end] of alarms) {
    test(`for want of ${resource} stops sources and answers HTTP, and all flows again`, async () => {
      const topic = `low-on-${resource}`
      const letGo = await heldBacklog(topic)
      const router = await start(topic)
      await broker.ctl(...raise)
      await letGo()
      const server = serveHttp(router, quietLog)
      const post = async (body: string) => {
        const startedMs = performance.now()
        const response = await fetch(`${server.url}/v1/topics/${topic}-http/messages`, {
          method: "POST",
          body,
          headers: { "partition-key": "k" },
        })
        return { response, body, tookMs: performance.now() - startedMs }
      }
      try {
        // The broker tells only who publishes: these may be sent before it does.
        const early = Promise.all(Array.from({ length: 20 }, (_, n) => post(`early ${n}`)))
        await until(() => !router.readiness().ready, { what: "the alarm to be known" })
        const refused = await post("refused")
        expect(refused.response.status).toBe(503)
        expect(refused.tookMs).toBeLessThan(500)
        expect(refused.response.headers.get("retry-after")).toBe("1")
        expect((await problemOf(refused.response)).code).toBe("broker_blocked")
        const answered = await early
        for (const { response, tookMs } of answered) {
          expect([503, 504]).toContain(response.status)
          expect(tookMs).toBeLessThan(publishTimeoutMs + 1_000)
        }
        const stats = router.stats.topics[topic]!
        await until(() => stats.consumed > 0, { what: "the source to be read" })
        expect((await post("refused again")).response.status).toBe(503)
        expect(stats.consumed).toBeLessThanOrEqual(prefetch)
        expect(stats.settled).toBe(0)
        await broker.ctl(...end)
        await until(() => router.stats.topics[topic]!.settled === backlog, {
          what: "the whole backlog to be routed",
          timeoutMs: 30_000,
        })
        const routed = await take(broker.url, `partymq.${topic}.all.g1.p0`, backlog)
        const numbers = routed.map(({ body }) => Number(decoder.decode(body)))
        expect(numbers).toEqual(Array.from({ length: backlog }, (_, n) => n))
        expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
        expect((await post("late")).response.status).toBe(202)
        // "Not published" is the truth, and so is "may arrive": here it does, since nothing was lost.
        const unknown = answered.filter(({ response }) => response.status === 504)
        const expected = [...unknown.map(({ body }) => body), "late"].sort()
        const queueOfHttp = `partymq.${topic}-http.all.g1.p0`
        const arrived = await take(broker.url, queueOfHttp, expected.length)
        expect(arrived.map(({ body }) => decoder.decode(body)).sort()).toEqual(expected)
        const [status] = (await router.describe(`${topic}-http`))[0]!.queues
        expect(status!.messages).toBe(0)
      } finally {
        await broker.ctl(...end)
        await server.stop()
        await router.stop()
      }
    }, 120_000)
  }

  test("by standing still leaves no request without an answer, and goes on when it wakes", async () => {
    const router = await start("frozen")
    const server = serveHttp(router, quietLog)
    const post = async () => {
      const startedMs = performance.now()
      const response = await fetch(`${server.url}/v1/topics/frozen-http/messages`, {
        method: "POST",
        body: "x",
        headers: { "partition-key": "k" },
      })
      await response.body?.cancel()
      expect(performance.now() - startedMs).toBeLessThan(publishTimeoutMs + 1_000)
      return response.status
    }
    expect(await post()).toBe(202)
    process.kill(broker.pid, "SIGSTOP")
    try {
      expect(await Promise.all(Array.from({ length: 20 }, post))).toEqual(Array(20).fill(504))
    } finally {
      process.kill(broker.pid, "SIGCONT")
    }
    await until(async () => (await post()) === 202, { what: "it to go on", timeoutMs: 30_000 })
    await server.stop()
    await router.stop()
  }, 120_000)
})
