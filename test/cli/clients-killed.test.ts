import { afterAll, expect, test } from "bun:test"
import { AMQPClient } from "@cloudamqp/amqp-client"
import { OldClient } from "../support/old-client.ts"
import { flawless, OrderOracle } from "../support/order-oracle.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { isReady, type Serving, serving } from "./serving.ts"
import { topicFolder } from "./topic-folder.ts"

const vhost = withVhost()
const count = 20_000
/** Published once another client waits for its share: some of it stays behind in partition queues. */
const newer = 4_000
const keys = 200
const kills = 3
const sent = Array.from({ length: count + newer }, (_, n) => ({
  key: `k${n % keys}`,
  revision: Math.floor(n / keys) + 1,
}))

const clients: OldClient[] = []
afterAll(() => {
  for (const client of clients) client.crash()
})

test("a router that is killed while it takes back what a client left goes on from there, in order", async () => {
  using folder = topicFolder(
    vhost.url,
    {
      key: [{ use: "jsonpath", path: "$.key" }],
      groups: {
        pods: {
          partitions: "clients",
          queue: { type: "classic" },
          clients: {
            partitions: 8,
            initialDelayMs: 0,
            returnDelayMs: 0,
            heartbeatCheckIntervalMs: 100,
            heartbeatExpiryMs: 30_000,
          },
        },
      },
    },
    {
      settings: {
        amqp: { managementUrl: vhost.managementUrl },
        http: { host: "127.0.0.1", port: 0 },
      },
    },
  )
  const connection = await new AMQPClient(vhost.url).connect()
  const channel = await connection.channel()
  const state = ({ queue }: OldClient) => channel.queueDeclare(queue, { passive: true })
  const depth = async (of: OldClient) => (await state(of)).messageCount
  const start = async () => {
    const started = await serving("serve", folder.options)
    await isReady(started)
    return started
  }
  let router: Serving = await start()
  const oracle = new OrderOracle()
  const client = (name: string, handle?: ConstructorParameters<typeof OldClient>[0]["handle"]) => {
    const made = new OldClient({
      amqpUrl: vhost.url,
      // Another one after each start.
      get httpUrl() {
        return router.url
      },
      name,
      ...(handle && { handle }),
    })
    clients.push(made)
    return made
  }
  try {
    const idle = client("idle")
    await idle.start()
    await published(router, folder.topic, sent.slice(0, count))
    await until(async () => (await depth(idle)) === count, { what: "all to be forwarded" })
    const worker = client("worker", (message) => {
      const event = JSON.parse(message.bodyString()!) as (typeof sent)[number]
      oracle.started("worker", 0, event)
      oracle.finished("worker", event)
    })
    await worker.start()
    await published(router, folder.topic, sent.slice(count))
    await idle.leave()
    const depths: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      const most = count - (kill + 1) * 4_000
      await until(async () => (await depth(idle)) <= most, {
        what: "messages to be taken back",
        intervalMs: 1,
      })
      router.child.kill("SIGKILL")
      await router.child.exited
      // What it held is back in the queue then.
      await until(async () => (await state(idle)).consumerCount === 0, { what: "its end to show" })
      depths.push(await depth(idle))
      router = await start()
    }
    console.log(`left at each kill: ${depths}`)
    expect(depths).toEqual(depths.toSorted((a, b) => b - a))
    // Each time it was killed in the middle.
    expect(depths.every((left) => left > 0 && left <= count)).toBe(true)
    await until(() => oracle.distinct === sent.length, {
      what: () => `everything: ${oracle.distinct} after kills with ${depths} left`,
      timeoutMs: 40_000,
    })
    expect(await depth(idle)).toBe(0)
    const { duplicated, ...verdict } = oracle.verdict(sent)
    expect({ ...verdict, duplicated: 0 }).toEqual(flawless)
    expect(duplicated).toBeLessThan(sent.length)
  } finally {
    await router[Symbol.asyncDispose]()
    await connection.close()
  }
}, 120_000)

async function published({ url }: Serving, topic: string, events: typeof sent): Promise<void> {
  const answer = await fetch(`${url}/v1/topics/${topic}/messages`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: events.map((body) => `${JSON.stringify({ body })}\n`).join(""),
  })
  expect(await answer.json()).toMatchObject({ accepted: events.length, failed: 0 })
}
