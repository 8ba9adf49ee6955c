import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { management } from "../support/management.ts"
import { PullClient, type PulledMessage } from "../support/pull-client.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, long, rawList, textHeader } from "../wire/property-list.ts"

const vhost = withVhost()
const topic = unique("pulled")
const classic = { type: "classic" as const }
/** Far below every wait there is. */
const promptMs = 2_000

let router: Router
let server: HttpServer
let groups: { [group in "a" | "b" | "poison" | "simple"]: PullClient }

beforeAll(async () => {
  router = await startedRouter({
    amqp: { url: vhost.url },
    http: { host: "127.0.0.1", port: 0, simpleQueue: { topic, group: "simple" } },
    topics: {
      [topic]: {
        key: [{ use: "header", name: "k" }],
        onMissingKey: "spread",
        deadLetter: classic,
        groups: {
          a: { partitions: 2, queue: classic },
          b: { partitions: 1 },
          poison: { partitions: 1, queue: classic, pull: { deliveriesMax: 2 } },
          simple: { partitions: 2, queue: classic },
        },
      },
    },
  })
  server = serveHttp(router, quietLog)
  const client = (group: string) => new PullClient(server.url, topic, group)
  groups = { a: client("a"), b: client("b"), poison: client("poison"), simple: client("simple") }
}, 60_000)

afterAll(async () => {
  await server?.stop()
  await router?.stop()
})

/** Into one group, as HTTP would into all. */
async function publish(group: string, body: string, key?: string, id?: string): Promise<void> {
  const headers = key === undefined ? [] : [textHeader("x-partymq-key", key)]
  const properties = rawList({ deliveryMode: 2, messageId: id, headers })
  const message = { properties, body: bytesOf(body), ...(key && { key: bytesOf(key) as never }) }
  const { kind } = await router.publish(topic, message, { groups: [group] })
  expect(kind).toBe("accepted")
}

const bodies = (messages: readonly PulledMessage[]) => messages.map(({ body }) => body)

describe("messages that are pulled", () => {
  test("come with all that is known of them", async () => {
    const response = await fetch(`${server.url}/v1/topics/${topic}/messages`, {
      method: "POST",
      body: "a body",
      headers: {
        "partition-key": "k-1",
        "content-type": "text/x",
        "message-id": "m 1",
        "x-own": "h",
      },
    })
    expect(response.status).toBe(202)
    for (const group of [groups.a, groups.b, groups.poison, groups.simple]) {
      const [message, ...others] = await group.receive()
      expect(others).toEqual([])
      expect(message).toEqual({
        receipt: expect.any(String),
        id: "m 1",
        key: "k-1",
        partition: expect.any(Number),
        deliveryCount: 1,
        headers: { "x-own": "h", "x-partymq-key": "k-1" },
        contentType: "text/x",
        body: "a body",
      })
      expect(await group.settle("ack", [message!])).toEqual({ status: 200, each: [200] })
    }
  })

  test("are one of a key at a time, the next as soon as the one before is acked", async () => {
    const { a } = groups
    for (const n of [1, 2]) for (const key of ["k1", "k2"]) await publish("a", `${key} ${n}`, key)
    const first = await a.receiveAll(2)
    expect(bodies(first).sort()).toEqual(["k1 1", "k2 1"])
    expect(await a.receive({ waitMs: 0 })).toEqual([])
    const waiting = a.receive()
    await a.settle("ack", [first.find(({ key }) => key === "k2")!])
    const second = await waiting
    expect(bodies(second)).toEqual(["k2 2"])
    await a.settle("ack", [...first, ...second])
    const last = await a.receive()
    expect(bodies(last)).toEqual(["k1 2"])
    await a.settle("ack", last)
  })

  test("without a key are free", async () => {
    for (const n of [1, 2, 3]) await publish("b", `${n}`)
    const free = await groups.b.receiveAll(3)
    expect(free.map(({ key, body }) => [key, body])).toEqual([1, 2, 3].map((n) => [null, `${n}`]))
    await groups.b.settle("ack", free)
  })

  test("come again at the end of their lease, before the next of their key, and not after an extension", async () => {
    const { b } = groups
    await publish("b", "1", "k")
    await publish("b", "2", "k")
    const [first] = await b.receive({ visibilityTimeoutMs: 100 })
    const [again] = await b.receive({ visibilityTimeoutMs: 60_000 })
    expect(again).toMatchObject({ body: "1", deliveryCount: 2 })
    expect(await b.settle("ack", [first!])).toEqual({ status: 409, each: [] })
    expect(await b.settle("extend", [again!], { visibilityTimeoutMs: 100 })).toMatchObject({
      status: 200,
    })
    const [third] = await b.receive()
    expect(third).toMatchObject({ body: "1", deliveryCount: 3 })
    expect((await b.settle("extend", [third!], { visibilityTimeoutMs: 60_000 })).status).toBe(200)
    // One that is stale beside one that is not is not hidden.
    expect(await b.settle("ack", [again!, third!])).toEqual({ status: 207, each: [409, 200] })
    const [next] = await b.receive()
    expect(next).toMatchObject({ body: "2", deliveryCount: 1 })
    await b.settle("ack", [next!])
  })

  test("that are given back with a delay keep their key waiting, and nobody else", async () => {
    const { b } = groups
    for (const [body, key] of [
      ["1", "k"],
      ["2", "k"],
      ["other", "o"],
    ])
      await publish("b", body!, key)
    const taken = await b.receiveAll(2)
    expect(bodies(taken)).toEqual(["1", "other"])
    const beganMs = performance.now()
    expect((await b.settle("nack", [taken[0]!], { delayMs: 300 })).status).toBe(200)
    expect((await b.settle("nack", [taken[1]!])).status).toBe(200)
    const [other] = await b.receive()
    expect(other).toMatchObject({ body: "other", deliveryCount: 2 })
    const [again] = await b.receive()
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(295)
    expect(again).toMatchObject({ body: "1", deliveryCount: 2 })
    await b.settle("ack", [other!, again!])
    const last = await b.receive()
    expect(bodies(last)).toEqual(["2"])
    await b.settle("ack", last)
  })

  test("are of their group alone, and so are receipts", async () => {
    for (const group of ["a", "b"]) await publish(group, `for ${group}`, "k")
    const [one] = await groups.a.receive()
    const [other] = await groups.b.receive()
    expect([one?.body, other?.body]).toEqual(["for a", "for b"])
    expect((await groups.a.settle("ack", [other!])).status).toBe(409)
    const forged = [...one!.receipt]
    forged[3] = forged[3] === "A" ? "B" : "A"
    const tampered = [forged.join(""), `${one!.receipt}x`, "", ".", "x.y"]
    const forgeries = tampered.map((receipt) => ({ receipt }))
    expect((await groups.a.settle("ack", forgeries)).status).toBe(409)
    expect((await groups.a.settle("ack", [one!])).status).toBe(200)
    expect((await groups.b.settle("nack", [other!])).status).toBe(200)
    const [again] = await groups.b.receive()
    expect((await groups.b.settle("ack", [again!])).status).toBe(200)
  })

  test("may have properties of any kind", async () => {
    const connection = await connect(vhost.url)
    const publisher = await RawPublisher.open(connection, `partymq.${topic}.b.g1.p0`)
    const depth = 5_000
    const nested = Uint8Array.from(
      Array.from({ length: depth }, (_, n) => {
        const size = 5 * (depth - 1 - n)
        return [0x41, size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]
      })
        .flat()
        .slice(1),
    )
    const odd = [
      rawList({
        headers: [
          { name: "bytes", type: "x", value: long(Uint8Array.of(0xff)) },
          { name: "text", type: "S", value: long(Uint8Array.of(0xfe)) },
          { name: "time", type: "T", value: new Uint8Array(8).fill(0x7f) },
          { name: "long", type: "l", value: Uint8Array.of(0x7f, 0, 0, 0, 0, 0, 0, 1) },
          { name: "__proto__", type: "V", value: new Uint8Array(0) },
        ],
      }),
      rawList({ headers: [{ name: "nested", type: "A", value: nested }] }),
      rawList({}),
    ]
    for (const properties of odd) publisher.publish(properties, Uint8Array.of(0xff, 0))
    await publisher.unconfirmedAtMost(0)
    await connection.shut(5_000)
    const messages = await groups.b.receiveAll(3)
    expect(messages.map(({ bodyBase64, id }) => [bodyBase64, id])).toEqual(
      odd.map(() => ["/wA=", null]),
    )
    expect(messages[0]!.headers).toMatchObject({
      bytes: "/w==",
      text: "/g==",
      time: null,
      long: "9151314442816847873",
    })
    expect(JSON.stringify(messages[1]!.headers)).toBe(
      `{"nested":${"[".repeat(32)}null${"]".repeat(32)}}`,
    )
    await groups.b.settle("ack", messages)
  })
})

describe("a consumer that waits", () => {
  test("is answered as soon as a message is there", async () => {
    const waiting = groups.a.receive({ waitMs: 20_000 })
    await until(() => counts("a").waiting === 1, { what: "the consumer to wait" })
    const sinceMs = performance.now()
    await publish("a", "now", "k")
    const messages = await waiting
    expect(bodies(messages)).toEqual(["now"])
    expect(performance.now() - sinceMs).toBeLessThan(promptMs)
    await groups.a.settle("ack", messages)
  })

  test("and goes away is given nothing", async () => {
    const gone = new AbortController()
    const ended = groups.a
      .ask("receive", { consumer: "c", waitMs: 20_000 }, gone.signal)
      .catch(() => "gone")
    await until(() => counts("a").waiting === 1, { what: "the consumer to wait" })
    gone.abort()
    expect(await ended).toBe("gone")
    await until(() => counts("a").waiting === 0, { what: "it to be forgotten" })
    await publish("a", "for another", "k")
    const messages = await groups.a.receive()
    expect(messages).toMatchObject([{ body: "for another", deliveryCount: 1 }])
    await groups.a.settle("ack", messages)
  })
})

describe("a message that nobody can handle", () => {
  test("becomes a dead letter after its last delivery, and the next of its key comes", async () => {
    const { poison } = groups
    await publish("poison", "bad", "k", "m-bad")
    await publish("poison", "good", "k")
    const [first] = await poison.receive({ visibilityTimeoutMs: 100 })
    const [second] = await poison.receive()
    expect(second).toMatchObject({ body: "bad", deliveryCount: 2 })
    expect((await poison.settle("nack", [second!])).status).toBe(200)
    const [next] = await poison.receive()
    expect(next).toMatchObject({ body: "good", deliveryCount: 1 })
    expect((await poison.settle("ack", [first!, second!])).status).toBe(409)
    await poison.settle("ack", [next!])
    expect(router.stats.topics[topic]!.deadLettered.deliveries_exhausted).toBe(1)
    expect(counts("poison")).toMatchObject({ deadLettered: 1, expired: 1, held: 0, leased: 0 })
  })

  test("is not acked, and not followed, before the broker has confirmed it as a dead letter", async () => {
    const { poison } = groups
    const policy = `/api/policies/${vhost.name}/full`
    const pattern = `^partymq\\.${topic}\\.dlq$`
    const definition = { "max-length": 0 }
    await management("PUT", policy, { pattern, definition, "apply-to": "queues" })
    await until(() => isRefused(`partymq.${topic}.dlq`), { what: "the policy to be in force" })
    for (const body of ["bad", "good"]) await publish("poison", body, "k")
    const { deadLetterCopies, deadLettered } = router.stats.topics[topic]!
    const before = deadLettered.deliveries_exhausted
    for (let n = 0; n < 2; n++) await poison.settle("nack", await poison.receive())
    await until(() => deadLetterCopies.nacked > 0, { what: "the dead letter to be refused" })
    expect(await poison.receive({ waitMs: 100 })).toEqual([])
    expect(counts("poison").held).toBe(2)
    expect(deadLettered.deliveries_exhausted).toBe(before)
    await management("DELETE", policy)
    const next = await poison.receive()
    expect(bodies(next)).toEqual(["good"])
    expect(deadLettered.deliveries_exhausted).toBe(before + 1)
    await poison.settle("ack", next)
  })
})

describe("the simple queue", () => {
  const simple = (query: string, method = "GET") =>
    fetch(`${server.url}/v1/consumer?${query}`, { method })

  test("takes messages, gives them to a consumer, and lets that one delete them", async () => {
    const published = await fetch(`${server.url}/v1/publish`, {
      method: "POST",
      body: "simply",
      headers: { "partition-key": "k", "message-id": "m/1" },
    })
    expect([published.status, await published.json()]).toMatchObject([202, { id: "m/1", topic }])
    const received = await simple("cid=me&limit=1&waitMs=10000")
    const { messages } = (await received.json()) as { messages: PulledMessage[] }
    expect(messages).toMatchObject([{ id: "m/1", body: "simply", key: "k" }])
    expect((await simple("cid=you&id=m/1", "DELETE")).status).toBe(409)
    const deleted = await simple("cid=me&id=m/1", "DELETE")
    expect([deleted.status, await deleted.json()]).toEqual([200, { id: "m/1", acked: true }])
    expect((await simple("cid=me&id=m/1", "DELETE")).status).toBe(409)
    for (const group of [groups.a, groups.b, groups.poison]) {
      await group.settle("ack", await group.receive())
    }
  })

  test("names a message without an id by its receipt", async () => {
    await publish("simple", "nameless")
    const received = await simple("cid=me&waitMs=10000")
    const { messages } = (await received.json()) as { messages: PulledMessage[] }
    const [{ id, receipt }] = messages as [PulledMessage]
    expect(id).toBe(receipt)
    expect((await simple(`cid=you&id=${id}`, "DELETE")).status).toBe(409)
    expect((await simple(`cid=me&id=${id}`, "DELETE")).status).toBe(200)
  })

  test("answers what publishing answers, and gives nothing out to HEAD", async () => {
    const tooLarge = "x".repeat(1_048_577)
    const refused = await fetch(`${server.url}/v1/publish`, { method: "POST", body: tooLarge })
    expect([refused.status, await refused.json()]).toMatchObject([413, { code: "body_too_large" }])
    expect((await simple("cid=me", "HEAD")).status).toBe(405)
    for (const query of ["", "cid=", "cid=me&limit=0", "cid=me&limit=x", "cid=me&other=1"]) {
      expect([query, (await simple(query)).status]).toEqual([query, 400])
    }
  })
})

async function isRefused(queue: string): Promise<boolean> {
  const connection = await connect(vhost.url)
  try {
    const channel = await connection.plainChannel()
    await channel.confirmSelect()
    await channel.basicPublish("", queue, "probe")
    return false
  } catch {
    return true
  } finally {
    await connection.shut(5_000)
  }
}

const counts = (group: string) => router.pull.of(topic, group)!.counts
