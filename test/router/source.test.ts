import { describe, expect, test } from "bun:test"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { bounds } from "../../src/core/bounds.ts"
import { createLog } from "../../src/log.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { limitedUser } from "../support/limited-user.ts"
import { management } from "../support/management.ts"
import { publishCut } from "../support/publish-cut.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { newRouter, startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const encoder = new TextEncoder()
const properties = encodeProperties({ deliveryMode: 2, headers: [["k", "a"]] })
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

type Source = NonNullable<NonNullable<ConfigInput["topics"]>[string]["source"]>

const configured = (topic: string, source: Source): ConfigInput => ({
  amqp: { url: vhost.url },
  topics: {
    [topic]: {
      source,
      key: [{ use: "header", name: "k" }],
      groups: { g: { partitions: 1, queue: { type: "classic" } } },
      retry: { backoffMs: 10, backoffMaxMs: 50 },
    },
  },
})

async function publish(queue: string, bodies: readonly string[]): Promise<void> {
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, queue)
  for (const body of bodies) publisher.publish(properties, encoder.encode(body))
  await publisher.unconfirmedAtMost(0)
  await connection.shut(5_000)
}

async function declare(queue: string, args: object): Promise<void> {
  const connection = await connect(vhost.url)
  const channel = await connection.plainChannel()
  await channel.queueDeclare(queue, { durable: true }, args)
  await connection.shut(5_000)
}

const taken = async (topic: string, count: number) =>
  (await take(vhost.url, `partymq.${topic}.g.g1.p0`, count)).map(({ body }) => text(body))

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

describe("a source queue", () => {
  test("is declared if missing, with its exchange and bindings", async () => {
    const topic = unique("new")
    const source = { queue: `${topic}.q`, exchange: `${topic}.x`, bind: ["a.#", "b"] }
    const router = await startedRouter(configured(topic, source))
    const path = `/api/queues/${vhost.name}/${topic}.q`
    const queue = await management<{ arguments: object }>("GET", path)
    expect(queue.arguments).toMatchObject({
      "x-queue-type": "quorum",
      "x-single-active-consumer": true,
    })
    const bindings = await management<{ source: string; routing_key: string }[]>(
      "GET",
      `${path}/bindings`,
    )
    const keys = bindings.filter((each) => each.source === `${topic}.x`)
    expect(keys.map((each) => each.routing_key).sort()).toEqual(["a.#", "b"])
    await router.stop()
  })

  test("is used as it is if it exists, with a warning when it is not single-active", async () => {
    const topic = unique("plain")
    await declare(`${topic}.q`, { "x-max-length": 1_000, "x-queue-type": "classic" })
    await publish(`${topic}.q`, ["1", "2"])
    const lines: string[] = []
    const log = createLog({ level: "warn", stream: { write: (line) => lines.push(line) } })
    const router = await startedRouter(configured(topic, { queue: `${topic}.q` }), { log })
    expect(await taken(topic, 2)).toEqual(["1", "2"])
    expect(lines.join("")).toContain("not single-active")
    await router.stop()
  })

  test("is used without a warning when it is single-active, whatever else it is", async () => {
    const topic = unique("single")
    const args = { "x-single-active-consumer": true, "x-queue-type": "quorum", "x-max-length": 9 }
    await declare(`${topic}.q`, args)
    const lines: string[] = []
    const log = createLog({ level: "warn", stream: { write: (line) => lines.push(line) } })
    const router = await startedRouter(configured(topic, { queue: `${topic}.q` }), { log })
    expect(lines).toEqual([])
    await router.stop()
  })

  const kinds = {
    "single-active": { "x-single-active-consumer": true },
    "classic and not single-active": { "x-queue-type": "classic" },
    // Which knows no exclusive consumers.
    "quorum and not single-active": { "x-queue-type": "quorum" },
  }
  for (const [kind, args] of Object.entries(kinds)) {
    test(`that is ${kind} is read by one router; another stands by and takes over in order`, async () => {
      const topic = unique("replicas")
      await declare(`${topic}.q`, args)
      const config = configured(topic, { queue: `${topic}.q` })
      const first = await startedRouter(config)
      const second = await startedRouter(config)
      expect(second.readiness()).toEqual({ ready: true })
      const bodies = Array.from({ length: 400 }, (_, n) => String(n))
      await publish(`${topic}.q`, bodies.slice(0, 200))
      await until(() => first.stats.topics[topic]!.settled === 200, { what: "the first to route" })
      expect(second.stats.topics[topic]!.consumed).toBe(0)
      await first.stop()
      await publish(`${topic}.q`, bodies.slice(200))
      await until(() => second.stats.topics[topic]!.settled === 200, {
        what: "the second to route",
      })
      expect(await taken(topic, 400)).toEqual(bodies)
      await second.stop()
    })
  }

  test("that is someone else's to declare and missing keeps the router unready until it is there", async () => {
    const topic = unique("passive")
    const source = { queue: `${topic}.q`, topology: "passive" } as const
    const router = await newRouter(configured(topic, source))
    await router.start()
    const readiness = router.readiness()
    expect(readiness.ready).toBe(false)
    expect(JSON.stringify(readiness)).toContain("does not exist")
    // HTTP needs no source.
    const message = { properties, body: encoder.encode("http") }
    expect((await router.publish(topic, message)).kind).toBe("accepted")
    await declare(`${topic}.q`, {})
    await until(() => router.readiness().ready, { what: "readiness" })
    await publish(`${topic}.q`, ["amqp"])
    expect(await taken(topic, 2)).toEqual(["http", "amqp"])
    await router.stop()
  })

  test("that the router may not read keeps it unready, and is no reason to stand by", async () => {
    const topic = unique("forbidden")
    await declare(`${topic}.q`, { "x-single-active-consumer": true })
    await using user = await limitedUser(vhost)
    await user.mayRead("^partymq\\..*")
    const config = configured(topic, { queue: `${topic}.q` })
    const router = await startedRouter({ ...config, amqp: { url: user.url } })
    const readiness = router.readiness()
    expect(readiness.ready).toBe(false)
    expect(JSON.stringify(readiness)).toContain("ACCESS_REFUSED")
    await user.mayRead(".*")
    await until(() => router.readiness().ready, { what: "readiness" })
    await router.stop()
  })

  test("that is deleted under the router is declared again and read", async () => {
    const topic = unique("gone")
    const router = await startedRouter(configured(topic, { queue: `${topic}.q` }))
    await management("DELETE", `/api/queues/${vhost.name}/${topic}.q`)
    await until(() => !router.readiness().ready, { what: "the loss to be noticed", intervalMs: 1 })
    await until(() => router.readiness().ready, { what: "readiness" })
    await publish(`${topic}.q`, ["1"])
    expect(await taken(topic, 1)).toEqual(["1"])
    await router.stop()
  })

  test("goes from a router that has lost its way out to one that has one, and back when it may", async () => {
    const topic = unique("given-up")
    const config = configured(topic, { queue: `${topic}.q` })
    await using way = await publishCut(vhost.url)
    const url = new URL(vhost.url)
    url.port = String(way.port)
    const first = await startedRouter({ ...config, amqp: { url: url.href } })
    const second = await startedRouter(config)
    const settled = (router: typeof first) => router.stats.topics[topic]!.settled
    await publish(`${topic}.q`, ["1", "2"])
    await until(() => settled(first) === 2, { what: "the first to route" })
    way.cut()
    await until(() => !first.readiness().ready, { what: "the cut to be noticed" })
    await publish(`${topic}.q`, ["3", "4"])
    const takenOver = { what: "the second to route", timeoutMs: 2 * bounds.sourcesKeptMs }
    await until(() => settled(second) === 2, takenOver)
    expect(first.stats.topics[topic]!.consumed).toBe(4)
    way.mend()
    await until(() => first.readiness().ready, { what: "readiness", timeoutMs: 20_000 })
    await second.stop()
    await publish(`${topic}.q`, ["5"])
    await until(() => settled(first) === 3, { what: "the first to route again" })
    expect(await taken(topic, 5)).toEqual(["1", "2", "3", "4", "5"])
    await first.stop()
  }, 60_000)

  test("that somebody makes anew without Single Active Consumer still goes to one router at a time", async () => {
    const topic = unique("anew")
    const queue = `${topic}.q`
    const config = configured(topic, { queue })
    const lines: string[] = []
    const log = createLog({ level: "warn", stream: { write: (line) => lines.push(line) } })
    const routers = [await startedRouter(config, { log }), await startedRouter(config, { log })]
    const settled = () => routers.map(({ stats }) => stats.topics[topic]!.settled)
    await publish(queue, ["1", "2"])
    await until(() => sum(settled()) === 2, { what: "one to route" })
    const path = `/api/queues/${vhost.name}/${queue}`
    const settings = { durable: true, arguments: { "x-queue-type": "classic" } }
    // Until it is the other one: a router may be quicker to make it as it was.
    const isAnother = async () => {
      await management("DELETE", path).catch(() => {})
      await management("PUT", path, settings)
      return true
    }
    await until(isAnother, { what: "the other queue", intervalMs: 1 })
    const isTold = () => lines.some((line) => line.includes("standing by"))
    await until(isTold, { what: "one of them to stand by" })
    const before = settled()
    const bodies = Array.from({ length: 200 }, (_, n) => String(n + 3))
    await publish(queue, bodies)
    await until(() => sum(settled()) === 202, { what: "all to be routed" })
    const busy = settled().filter((count, at) => count > before[at]!)
    expect(busy).toHaveLength(1)
    expect(await taken(topic, 202)).toEqual(["1", "2", ...bodies])
    for (const router of routers) await router.stop()
  }, 60_000)

  test("is not read on while too much of it is in flight, and is once there is room", async () => {
    const topic = unique("large")
    const config = configured(topic, { queue: `${topic}.q` })
    const queue = { type: "classic", maxLength: 1, overflow: "reject-publish" } as const
    config.topics![topic]!.groups = { g: { partitions: 1, queue } }
    const router = await startedRouter(config)
    const { stats } = router
    const megabyte = "x".repeat(1_000_000)
    const bodies = Array.from({ length: 80 }, (_, n) => `${n} ${megabyte}`)
    await publish(`${topic}.q`, bodies)
    const used = () => stats.topics[topic]!.inFlightBytes
    await until(() => used() >= bounds.sourceInFlightBytesMax - 2_000_000, {
      what: () => `the budget to be used up; ${used()} bytes are`,
      timeoutMs: 30_000,
    })
    const arrived = await take(vhost.url, `partymq.${topic}.g.g1.p0`, bodies.length, () => {
      // A read that was under way may bring a few more.
      expect(used()).toBeLessThan(bounds.sourceInFlightBytesMax + 3_000_000)
    })
    expect(arrived.map(({ body }) => text(body).split(" ")[0])).toEqual(
      bodies.map((body) => body.split(" ")[0]),
    )
    await until(() => stats.topics[topic]!.settled === bodies.length, { what: "all to settle" })
    expect(stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
    await router.stop()
  }, 60_000)

  test("gives back what is in flight when the router stops, and nothing twice after a clean stop", async () => {
    const topic = unique("stopped")
    const config = configured(topic, { queue: `${topic}.q` })
    const bodies = Array.from({ length: 5_000 }, (_, n) => String(n))
    const first = await startedRouter(config)
    const feeding = publish(`${topic}.q`, bodies)
    await until(() => first.stats.topics[topic]!.settled > 100, { what: "some to be routed" })
    await first.stop()
    await feeding
    const routed = first.stats.topics[topic]!.settled
    expect(routed).toBeLessThan(bodies.length)
    const second = await startedRouter(config)
    await until(() => second.stats.topics[topic]!.settled === bodies.length - routed, {
      what: "the rest to be routed",
    })
    expect(await taken(topic, bodies.length)).toEqual(bodies)
    await second.stop()
  })
})
