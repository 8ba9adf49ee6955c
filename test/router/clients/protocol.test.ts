import { afterEach, describe, expect, test } from "bun:test"
import { Connection } from "../../../src/broker/connection.ts"
import type { Delivery } from "../../../src/broker/content-reader.ts"
import { endpointOf } from "../../../src/broker/endpoint.ts"
import { readQueue } from "../../../src/broker/queue-reader.ts"
import { type HttpServer, serveHttp } from "../../../src/http/serve-http.ts"
import type { Router } from "../../../src/router.ts"
import { keyed } from "../../support/key-flow.ts"
import { OldClient } from "../../support/old-client.ts"
import { quietLog, startedRouter } from "../../support/test-router.ts"
import { unique } from "../../support/unique.ts"
import { until } from "../../support/until.ts"
import { untouched } from "../../support/untouched.ts"
import { withVhost } from "../../support/vhost.ts"
import { bytes, entry, headers, passingMessages } from "../pass-through-cases.ts"

const vhost = withVhost()
const opened: { clients: OldClient[]; routers: (() => Promise<unknown>)[] } = {
  clients: [],
  routers: [],
}

afterEach(async () => {
  for (const client of opened.clients.splice(0)) client.crash()
  for (const stop of opened.routers.splice(0)) await stop()
}, 30_000)

interface Served {
  readonly router: Router
  readonly server: HttpServer
  readonly topic: string
  readonly stop: () => Promise<unknown>
}

const quick = {
  partitions: 8,
  initialDelayMs: 100,
  returnDelayMs: 100,
  heartbeatCheckIntervalMs: 100,
  heartbeatExpiryMs: 60_000,
}

async function served(
  topic: string,
  {
    management = true,
    clients = {},
    onMissingKey = "dead-letter" as "dead-letter" | { key: string },
  } = {},
): Promise<Served> {
  const router = await startedRouter({
    amqp: { url: vhost.url, ...(management && { managementUrl: vhost.managementUrl }) },
    http: { host: "127.0.0.1", port: 0 },
    topics: {
      [topic]: {
        key: [{ use: "header", name: "k" }],
        onMissingKey,
        groups: {
          pods: {
            partitions: "clients",
            queue: { type: "classic" },
            clients: { exchange: `exchange of ${topic}`, ...quick, ...clients },
          },
        },
      },
    },
  })
  const server = serveHttp(router, quietLog)
  let stopped: Promise<unknown> | undefined
  const stop = () => (stopped ??= server.stop().then(() => router.stop()))
  opened.routers.push(stop)
  return { router, server, topic, stop }
}

function client({ server }: Served, name: string, log?: string[], work?: () => Promise<void>) {
  const handle = async (message: { bodyString(): string | null }) => {
    await work?.()
    log?.push(message.bodyString()!)
  }
  const made = new OldClient({
    ...{ amqpUrl: vhost.url, httpUrl: server.url, name: unique(name) },
    ...(log && { handle }),
  })
  opened.clients.push(made)
  return made
}

async function published({ router, topic }: Served, count: number, from = 0): Promise<string[]> {
  const bodies = Array.from({ length: count }, (_, n) => `k${(from + n) % 40} ${from + n}`)
  for (const body of bodies) {
    const outcome = await router.publish(topic, keyed(body.split(" ")[0]!, body))
    expect(outcome.kind).toBe("accepted")
  }
  return bodies
}

/** Whether the messages of each key are in the order of their numbers, none twice. */
function inOrder(bodies: readonly string[]): boolean {
  const last = new Map<string, number>()
  return bodies.every((body) => {
    const [key, number] = body.split(" ")
    const isLater = Number(number) > (last.get(key!) ?? -1)
    last.set(key!, Number(number))
    return isLater
  })
}

const has = (log: readonly unknown[], count: number) =>
  until(() => log.length >= count, { what: () => `${count} messages, not ${log.length}` })

describe("a client", () => {
  test("is told what to bind, may repeat each step, and is told when it is not known", async () => {
    const at = await served(unique("steps"))
    const pod = client(at, "pod")
    expect((await pod.say("heartbeat")).status).toBe(409)
    expect((await pod.say("ready")).status).toBe(409)
    expect((await pod.say("unbind")).status).toBe(200)
    for (let n = 0; n < 2; n++) {
      expect(await pod.said("bind")).toEqual({
        routingKey: `partymq.partition-${pod.options.name}`,
        exchange: `exchange of ${at.topic}`,
      })
    }
    await pod.declare(`exchange of ${at.topic}`, `partymq.partition-${pod.options.name}`)
    for (let n = 0; n < 2; n++) await pod.said("ready")
    await pod.said("heartbeat")
    await pod.said("unbind")
    const late = await pod.say("heartbeat")
    expect([late.status, Object.keys((await late.json()) as object)]).toEqual([409, ["error"]])
    expect((await pod.say("ready")).status).toBe(409)
    await pod.said("bind")
    await pod.said("ready")
  }, 30_000)

  test("is refused as ready before its queue is bound, and nothing is dropped", async () => {
    const at = await served(unique("early"))
    const sent = await published(at, 100)
    const log: string[] = []
    const pod = client(at, "pod", log)
    await pod.said("bind")
    const early = await pod.say("ready")
    expect(early.status).toBe(409)
    expect(await early.json()).toEqual({ error: expect.stringContaining("no queue is bound") })
    expect((await pod.say("ready", { queue: "a name and no more" })).status).toBe(409)
    await pod.start()
    await has(log, sent.length)
    expect(log.toSorted()).toEqual(sent.toSorted())
    expect(inOrder(log)).toBe(true)
  }, 30_000)

  test("learns from a heartbeat that it is not bound where that cannot be seen, and nothing is dropped", async () => {
    const at = await served(unique("unseen"), { management: false })
    const sent = await published(at, 100)
    const log: string[] = []
    const pod = client(at, "pod", log)
    await pod.said("bind")
    await pod.said("ready")
    await until(async () => (await pod.say("heartbeat")).status === 409, { what: "a 409" })
    await pod.start()
    // What came back may have been sent while the queue was being bound, and comes again then.
    const distinct = () => [...new Set(log)]
    await until(() => distinct().length === sent.length, { what: "everything" })
    expect(distinct().toSorted()).toEqual(sent.toSorted())
    expect(inOrder(distinct())).toBe(true)
  }, 30_000)

  test("that stops working holds up only what moves away from it", async () => {
    const at = await served(unique("stuck"))
    let free = () => {}
    const isFree = new Promise<void>((resolve) => (free = resolve))
    const logs: string[][] = [[], [], []]
    const pods = logs.map((log, n) =>
      client(at, `pod${n}`, log, n === 0 ? () => isFree : undefined),
    )
    await Promise.all([pods[0]!.start(), pods[1]!.start()])
    const owner = (n: number) => at.router.clientGroups[0]!.clientOf(n)
    const isShared = () => Array.from({ length: 8 }, (_, n) => owner(n)).every((id) => id)
    await until(isShared, { what: "shares" })
    const sent = await published(at, 400)
    await has(logs[1]!, 50)
    await pods[2]!.start()
    const moved = () =>
      Array.from({ length: 8 }, (_, n) => owner(n)).includes(pods[2]!.options.name)
    await until(moved, { what: "the third to get something" })
    sent.push(...(await published(at, 400, 400)))
    const ofOthers = sent.filter((body) => {
      const decision = at.router.explain(at.topic, keyed(body.split(" ")[0]!, body))
      if (decision.kind !== "routed") return false
      const has = owner(decision.placements[0]!.partition)
      return has !== undefined && has !== pods[0]!.options.name
    })
    expect(ofOthers.length).toBeGreaterThan(200)
    await until(() => ofOthers.every((body) => [...logs[1]!, ...logs[2]!].includes(body)), {
      what: "what others have to flow",
    })
    expect(logs[0]).toEqual([])
    expect(at.router.clientGroups[0]!.counts.held).toBeGreaterThan(0)
    free()
    await until(() => logs.flat().length === sent.length, { what: "everything" })
    expect(logs.flat().toSorted()).toEqual(sent.toSorted())
    expect(logs.every(inOrder)).toBe(true)
  }, 60_000)

  test("gets what it has got before, after the router is started again", async () => {
    const topic = unique("again")
    const first = await served(topic)
    const pods = ["a", "b", "c"].map((name) => client(first, name, []))
    await Promise.all(pods.map((pod) => pod.start()))
    const owners = ({ router }: Served) =>
      Array.from({ length: 8 }, (_, n) => router.clientGroups[0]!.clientOf(n))
    const isShared = (at: Served) => owners(at).every((owner) => owner !== undefined)
    await until(() => isShared(first), { what: "shares" })
    const before = owners(first)
    expect(new Set(before).size).toBe(3)
    await first.stop()
    const second = await served(topic)
    await until(() => isShared(second), { what: "shares again" })
    expect(owners(second)).toEqual(before)
    const status = await (await fetch(`${second.server.url}/v1/topics/${topic}`)).json()
    const [group] = (status as { groups: { queues: { client: string }[] }[] }).groups
    expect(group!.queues.map((each) => each.client)).toEqual(before as string[])
  }, 30_000)

  test("is served by one router at a time, and by another once that has gone", async () => {
    const topic = unique("two")
    const first = await served(topic)
    const second = await served(topic)
    expect((await client(second, "pod").say("bind")).status).toBe(503)
    await first.stop()
    const pod = client(second, "pod", [])
    await until(async () => (await pod.say("bind")).ok, { what: "the second to take over" })
  }, 30_000)
})

test("messages reach a client as the broker delivers them to anybody, whatever properties they have", async () => {
  const at = await served(unique("bytes"), { onMissingKey: { key: "one" } })
  const connection = await Connection.open(endpointOf(at.router.config.amqp), "test")
  try {
    const cases = passingMessages(connection.frameMax)
    expect(cases.length).toBeGreaterThan(20)
    const pod = client(at, "pod")
    const received: Delivery[] = []
    const { routingKey, exchange } = (await pod.said("bind")) as Record<string, string>
    await pod.declare(exchange!, routingKey!)
    await pod.said("ready")
    for (const { properties } of cases) {
      const outcome = await at.router.publish(at.topic, {
        properties,
        body: properties.slice(0, 9),
      })
      expect(outcome.kind).toBe("accepted")
    }
    const delivered = (delivery: Delivery) => void received.push(delivery)
    await readQueue(connection, pod.queue, { prefetch: 0, delivered, ended: () => {} })
    await has(received, cases.length)
    // Some have keys of their own, and so another partition.
    const sorted = (lists: readonly Uint8Array[]) =>
      lists.map((list) => Buffer.from(list).toString("hex")).sort()
    const expected = await untouched(
      vhost.url,
      cases.map(({ properties }) => properties),
      "classic",
    )
    expect(sorted(received.map(({ properties }) => properties))).toEqual(sorted(expected))
  } finally {
    await connection.shut(1_000)
  }
}, 60_000)

test("a key that is no text is a key", async () => {
  const at = await served(unique("number"))
  const logs: string[][] = [[], []]
  await Promise.all(logs.map((log, n) => client(at, `pod${n}`, log).start()))
  for (let n = 0; n < 60; n++) {
    const properties = headers(entry("k", "I", bytes(0, 0, 0, n % 6)))
    const body = Buffer.from(`k${n % 6} ${n}`)
    expect((await at.router.publish(at.topic, { properties, body })).kind).toBe("accepted")
  }
  await until(() => logs.flat().length === 60, { what: "all" })
  const keys = logs.map((log) => new Set(log.map((body) => body.split(" ")[0])))
  expect(keys[0]!.size + keys[1]!.size).toBe(6)
  expect(logs.every(inOrder)).toBe(true)
}, 30_000)
