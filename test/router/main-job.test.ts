import { expect, test } from "bun:test"
import { xxHash32 } from "../../src/hash/xxhash32.ts"
import { serveHttp } from "../../src/http/serve-http.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { type FileChange, fileChanges } from "../support/file-changes.ts"
import { GroupConsumers } from "../support/group-consumers.ts"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const encoder = new TextEncoder()
const httpConnections = 48
const unconfirmedMax = 500

test("every event reaches every group once, in order, in one partition, at one consumer at a time", async () => {
  const events = await fileChanges()
  const byHttp = events.filter(({ key }) => hash(key) % 2 === 0)
  const byAmqp = events.filter(({ key }) => hash(key) % 2 === 1)
  const router = await startedRouter({
    amqp: { url: vhost.url },
    http: { host: "127.0.0.1", port: 0 },
    topics: {
      changes: {
        source: { queue: "changes.source" },
        key: [{ use: "jsonpath", path: "$.file.key" }],
        groups: {
          index: { partitions: 16, partitioner: { use: "consistent-hash" } },
          audit: { partitions: 5, partitioner: { use: "rendezvous-hash" } },
        },
      },
    },
  })
  const server = serveHttp(router, quietLog)
  const groups = await Promise.all(
    (await router.describe("changes")).map(async ({ queues }) => {
      const oracle = new OrderOracle()
      const names = queues.map(({ queue }) => queue)
      return { oracle, consumers: await GroupConsumers.start(vhost.url, names, 4, oracle) }
    }),
  )
  await Promise.all([postAll(server.url, byHttp), publishAll(byAmqp)])
  for (const { oracle } of groups) {
    await until(() => oracle.distinct === events.length, {
      what: () => `${events.length} events to be consumed, ${oracle.distinct} are`,
      timeoutMs: 60_000,
    })
  }
  for (const { oracle } of groups) expect(oracle.verdict(events)).toEqual(flawless)
  for (const { consumers } of groups) await consumers.stop()
  const depths = (await router.describe("changes")).flatMap(({ queues }) => queues)
  expect(depths.map(({ messages }) => messages)).toEqual(depths.map(() => 0))
  await server.stop()
  await router.stop()
}, 120_000)

const hash = (key: string): number => xxHash32(encoder.encode(key))

/** The events of a key one after the other, different keys side by side. */
async function postAll(url: string, events: readonly FileChange[]): Promise<void> {
  const lanes = Array.from({ length: httpConnections }, (): FileChange[] => [])
  for (const event of events) lanes[hash(event.key) % httpConnections]!.push(event)
  await Promise.all(
    lanes.map(async (lane) => {
      for (const { text } of lane) {
        const response = await fetch(`${url}/v1/topics/changes/messages`, {
          method: "POST",
          body: text,
          headers: { "content-type": "application/json" },
        })
        if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`)
        await response.arrayBuffer()
      }
    }),
  )
}

async function publishAll(events: readonly FileChange[]): Promise<void> {
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, "changes.source")
  const properties = encodeProperties({ contentType: "application/json", deliveryMode: 2 })
  for (const { text } of events) {
    publisher.publish(properties, encoder.encode(text))
    await publisher.unconfirmedAtMost(unconfirmedMax)
  }
  await publisher.unconfirmedAtMost(0)
  await connection.shut(5_000)
}
