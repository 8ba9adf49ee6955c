import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router, RouterOptions } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { management } from "../support/management.ts"
import { PullClient, type PulledMessage } from "../support/pull-client.ts"
import { take } from "../support/raw-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

setDefaultTimeout(30_000)
const vhost = withVhost()
/** Far below every timeout there is. */
const promptMs = 4_000

interface Running {
  readonly router: Router
  readonly server: HttpServer
  readonly client: PullClient
}
const running: Running[] = []

afterEach(async () => {
  for (const each of running.splice(0)) await stop(each)
})

async function stop({ router, server }: Running): Promise<void> {
  await Promise.all([server.stop(), router.stop()])
}

async function start(
  topic: string,
  { url = vhost.url, ...options }: Partial<RouterOptions> & { readonly url?: string } = {},
): Promise<Running> {
  const group = { partitions: 1, pull: { prefetch: 20 } }
  const http = { host: "127.0.0.1", port: 0 }
  const config = { amqp: { url }, http, topics: { [topic]: { groups: { g: group } } } }
  const router = await startedRouter(config, options)
  const server = serveHttp(router, quietLog)
  const one = { router, server, client: new PullClient(server.url, topic, "g") }
  running.push(one)
  return one
}

async function publish({ router }: Running, topic: string, key: string, bodies: readonly string[]) {
  for (const body of bodies) {
    const properties = encodeProperties({ deliveryMode: 2, headers: [["x-partymq-key", key]] })
    const message = { properties, body: Buffer.from(body), key: Buffer.from(key) as never }
    expect((await router.publish(topic, message)).kind).toBe("accepted")
  }
}

const bodies = (messages: readonly PulledMessage[]) => messages.map(({ body }) => body)

describe("when the connection to the broker is cut", () => {
  test("consumers hear 503 at once, leases are stale, keys are kept, and it goes on in order", async () => {
    const topic = unique("cut")
    const proxy = await TcpProxy.listen(Number(new URL(vhost.url).port))
    const url = new URL(vhost.url)
    url.port = String(proxy.port)
    try {
      const one = await start(topic, { url: url.toString() })
      const { client, router } = one
      await publish(one, topic, "k", ["k 1", "k 2"])
      await publish(one, topic, "o", ["o 1"])
      const leased = await client.receiveAll(2, { visibilityTimeoutMs: 20_000 })
      expect(bodies(leased)).toEqual(["k 1", "o 1"])
      const waiting = client.ask("receive", { consumer: "w", waitMs: 20_000 })
      await until(() => router.pull.of(topic, "g")!.counts.waiting === 1, { what: "it to wait" })
      const sinceMs = performance.now()
      proxy.resetAll()
      const cut = await waiting
      expect([cut.status, await cut.json()]).toMatchObject([503, { code: "broker_away" }])
      expect(cut.headers.get("retry-after")).toBe("1")
      expect(performance.now() - sinceMs).toBeLessThan(promptMs)
      const status = async () => (await client.ask("receive", { consumer: "c" })).status
      await until(async () => (await status()) === 200, { what: "it to be pulled from again" })
      // What was leased is here again, but may still be worked on.
      await until(() => router.pull.of(topic, "g")!.counts.held === 3, { what: "all to be back" })
      expect(await client.receive({ waitMs: 0 })).toEqual([])
      expect((await client.settle("extend", leased)).status).toBe(409)
      expect(await client.receive({ waitMs: 0 })).toEqual([])
      expect((await client.settle("ack", [leased[0]!])).status).toBe(409)
      const [again] = await client.receive()
      expect(again).toMatchObject({ body: "k 1", deliveryCount: 2 })
      expect((await client.settle("ack", [again!])).status).toBe(200)
      expect(bodies(await client.receive())).toEqual(["k 2"])
      expect(router.stats.reconnects.pull).toBeGreaterThan(0)
    } finally {
      for (const each of running.splice(0)) await stop(each)
      await proxy.close()
    }
  })
})

describe("when a router ends", () => {
  test("consumers that wait are told, and what is leased goes on with the next, in order", async () => {
    const topic = unique("restarted")
    const one = await start(topic)
    await publish(one, topic, "k", ["1", "2", "3"])
    await publish(one, topic, "o", ["o"])
    const [first, other] = await one.client.receiveAll(2, { visibilityTimeoutMs: 20_000 })
    await one.client.settle("ack", [first!])
    const [second] = await one.client.receive({ visibilityTimeoutMs: 20_000 })
    expect(bodies([first!, other!, second!])).toEqual(["1", "o", "2"])
    const waiting = one.client.ask("receive", { consumer: "w", waitMs: 20_000 })
    const { pull } = one.router
    await until(() => pull.of(topic, "g")!.counts.waiting === 1, { what: "it to wait" })
    running.length = 0
    const sinceMs = performance.now()
    await stop(one)
    expect(performance.now() - sinceMs).toBeLessThan(promptMs)
    const told = await waiting
    expect([told.status, await told.json()]).toMatchObject([503, { code: "shutting_down" }])
    const { client } = await start(topic)
    expect((await client.settle("ack", [second!, other!])).status).toBe(409)
    const again = await client.receiveAll(2)
    expect(again.map(({ body, deliveryCount }) => [body, deliveryCount > 1])).toEqual([
      ["2", true],
      ["o", true],
    ])
    await client.settle("ack", again)
    const last = await client.receive()
    expect(bodies(last)).toEqual(["3"])
    await client.settle("ack", last)
  })
})

describe("partitions that are read for consumers that pull", () => {
  test("are read on after their queue was deleted, and what was leased of it is stale", async () => {
    const topic = unique("deleted")
    const one = await start(topic)
    const { client, router } = one
    for (let round = 0; round < 6; round++) {
      await publish(one, topic, "k", [`lost ${round}`])
      const lost = await client.receive()
      await management("DELETE", `/api/queues/${vhost.name}/partymq.${topic}.g.g1.p0`)
      await until(() => router.pull.of(topic, "g")!.counts.held === 0, { what: "it to be noticed" })
      await publish(one, topic, "k", [`kept ${round}`])
      expect(await client.settle("ack", lost)).toMatchObject({ status: 409 })
      const next = await client.receive()
      expect(bodies(next)).toEqual([`kept ${round}`])
      await client.settle("ack", next)
    }
    // To consume a quorum queue that is half there would have cost the whole connection.
    expect(Object.values(router.stats.losses.pull).every((count) => count === 0)).toBe(true)
  })

  test("are given back once nobody asks any more, but not while something is leased or delayed", async () => {
    const topic = unique("idle")
    const one = await start(topic, { pullIdleMs: 300 })
    await publish(one, topic, "k", ["1", "2"])
    const { client } = one
    const [message] = await client.receive()
    const queue = `partymq.${topic}.g.g1.p0`
    await Bun.sleep(600)
    expect((await client.settle("nack", [message!], { delayMs: 600 })).status).toBe(200)
    const [again] = await client.receive()
    expect(again).toMatchObject({ body: "1", deliveryCount: 2 })
    await client.settle("ack", [again!])
    // Anybody else's consumer gets the rest once they are.
    const taken = await take(vhost.url, queue, 1)
    expect(Buffer.from(taken[0]!.body).toString()).toBe("2")
    await publish(one, topic, "k", ["3"])
    const more = await client.receive()
    expect(bodies(more)).toEqual(["3"])
    await client.settle("ack", more)
  })

  test("are given back as well if nothing ever came", async () => {
    const topic = unique("empty")
    const one = await start(topic, { pullIdleMs: 300 })
    const queue = `partymq.${topic}.g.g1.p0`
    expect(await one.client.receive({ waitMs: 0 })).toEqual([])
    const consumers = async () => (await one.router.describe(topic))[0]!.queues[0]!.consumers
    expect(await consumers()).toBe(1)
    await until(async () => (await consumers()) === 0, { what: `"${queue}" to be given back` })
  })

  test("hold no more bytes than their share, and go on with the rest in order", async () => {
    const topic = unique("large")
    const one = await start(topic)
    const sizeBytes = 8 * 1024 * 1024
    const large = (n: number) => String(n).padEnd(sizeBytes, ".")
    for (let n = 0; n < 7; n++) await publish(one, topic, n % 2 === 0 ? "a" : "b", [large(n)])
    const { client, router } = one
    const seen: { [key: string]: number[] } = { a: [], b: [] }
    for (let n = 0; n < 7; n++) {
      const [message] = await client.receive({ max: 1 })
      expect(message?.deliveryCount).toBeGreaterThan(0)
      seen[message!.key!]!.push(Number.parseInt(message!.body!, 10))
      expect(router.pull.of(topic, "g")!.counts.held).toBeLessThanOrEqual(4)
      await client.settle("ack", [message!])
    }
    expect(seen).toEqual({ a: [0, 2, 4, 6], b: [1, 3, 5] })
  })
})
