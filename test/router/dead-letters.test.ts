import { describe, expect, test } from "bun:test"
import { countMessages, visitMessages } from "../../src/broker/dead-letters.ts"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { original, readNote } from "../../src/core/dead-letter.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { limitedUser } from "../support/limited-user.ts"
import { management } from "../support/management.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { untouched } from "../support/untouched.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, hex, long, type RawHeader, rawList, textHeader } from "../wire/property-list.ts"

const vhost = withVhost()

const of = (value: number, size: number) => new Uint8Array(size).fill(value)

/** A header of each type that the broker knows, and names that trip programs up. */
const everyType: readonly RawHeader[] = [
  { name: "t", type: "t", value: of(1, 1) },
  { name: "b", type: "b", value: of(0x80, 1) },
  { name: "B", type: "B", value: of(0xff, 1) },
  { name: "s", type: "s", value: of(0x80, 2) },
  { name: "u", type: "u", value: of(0xff, 2) },
  { name: "I", type: "I", value: of(0x80, 4) },
  { name: "i", type: "i", value: of(0xff, 4) },
  { name: "l", type: "l", value: of(0x81, 8) },
  { name: "f", type: "f", value: of(0x3f, 4) },
  { name: "d", type: "d", value: of(0x3f, 8) },
  { name: "D", type: "D", value: of(2, 5) },
  { name: "S", type: "S", value: long(Uint8Array.of(0xff, 0, 0xfe)) },
  { name: "A", type: "A", value: long(bytesOf("VV")) },
  { name: "T", type: "T", value: of(0x7f, 8) },
  { name: "F", type: "F", value: long(Uint8Array.of(1, 97, 116, 0)) },
  { name: "V", type: "V", value: new Uint8Array() },
  { name: "x", type: "x", value: long(of(0xa5, 300)) },
  textHeader("__proto__", "x"),
  textHeader("2", "numbers"),
  textHeader("1", "in their order"),
  textHeader("same", "name"),
  textHeader("same", "twice"),
  textHeader("é", ""),
]

/** What a stranger may send: every property, none, an empty table, a table as large as frames allow. */
const hostile: readonly (readonly [what: string, properties: Uint8Array])[] = [
  [
    "every property and a header of every type",
    rawList({
      contentType: "",
      contentEncoding: "identity",
      headers: everyType,
      deliveryMode: 1,
      correlationId: "c".repeat(255),
      replyTo: "nobody",
      expiration: "86400000",
      messageId: "",
      timestamp: 2 ** 32 - 1,
      type: "t",
      appId: "a",
      clusterId: "c",
    }),
  ],
  ["no property at all", rawList({})],
  ["an empty header table", rawList({ headers: [], deliveryMode: 2 })],
  [
    "a large header table",
    rawList({ headers: [{ name: "n", type: "x", value: long(of(7, 100_000)) }] }),
  ],
  [
    "a note of its own that is none of ours",
    rawList({ headers: [textHeader("x-partymq-other", "stays")] }),
  ],
]

/** Throws for one key and leaves the partitions for another; in a file outside the project. */
const moody = `import { definePartitioner } from "partymq"
export default definePartitioner({
  name: "moody",
  guarantees: { deterministic: true, balanced: false, movement: "any", weighted: false },
  create: () => (key) => {
    const text = new TextDecoder().decode(key)
    if (text === "throw") throw new TypeError("the key is " + text)
    return text === "beyond" ? 99 : 0
  },
})`
const fussy = `import { defineKeyExtractor } from "partymq"
export default defineKeyExtractor({
  name: "fussy",
  create: () => (message) => {
    if (message.header("fussy") !== undefined) throw new TypeError("not this one")
    return undefined
  },
})`

async function started(topicInput: ConfigInput["topics"][string], url = vhost.url) {
  const folder = temporaryFolder({ "moody.ts": moody, "fussy.ts": fussy })
  const topic = unique("dead")
  const source = `${topic}.source`
  const router = await startedRouter(
    {
      amqp: { url },
      topics: { [topic]: { source: { queue: source }, ...topicInput } },
    },
    { baseDir: folder.path },
  )
  const connection = await connect(vhost.url)
  return {
    topic,
    source,
    router,
    connection,
    queue: `partymq.${topic}.dlq`,
    publisher: await RawPublisher.open(connection, source),
    settled: (count: number) =>
      until(() => router.stats.topics[topic]!.settled === count, {
        what: () => `${count} to settle; ${router.stats.topics[topic]!.settled} have`,
      }),
    async [Symbol.asyncDispose]() {
      await router.stop()
      await connection.shut(5_000)
      folder[Symbol.dispose]()
    },
  }
}

const key = [{ use: "./fussy.ts" }, { use: "header", name: "k" }, { use: "jsonpath", path: "$.id" }]
const classic = { queue: { type: "classic" } } as const

describe("a message that cannot be routed", () => {
  test("is dead-lettered with reason, time, source and its bytes, and the rest flows on", async () => {
    const startedAt = Date.now()
    await using at = await started({
      key,
      groups: { g: { partitions: 2, partitioner: { use: "./moody.ts" }, ...classic } },
    })
    const bad: readonly (readonly [reason: string, properties: Uint8Array, body: string])[] = [
      ["missing_key", rawList({}), "{}"],
      ["invalid_json", rawList({}), "{"],
      ["invalid_key", rawList({}), '{"id":[]}'],
      ["invalid_key", rawList({ headers: [textHeader("k", "x".repeat(4097))] }), ""],
      ["plugin_error", rawList({ headers: [textHeader("fussy", "")] }), '{"id":"fine"}'],
      ["plugin_error", rawList({}), '{"id":"throw"}'],
      ["plugin_error", rawList({}), '{"id":"beyond"}'],
    ]
    const good = rawList({ headers: [textHeader("k", "fine")] })
    for (const [number, [, properties, body]] of bad.entries()) {
      at.publisher.publish(properties, bytesOf(body))
      at.publisher.publish(good, bytesOf(String(number)))
    }
    const routed = await take(vhost.url, `partymq.${at.topic}.g.g1.p0`, bad.length)
    expect(routed.map(({ body }) => Buffer.from(body).toString())).toEqual(
      bad.map((_, number) => String(number)),
    )
    const letters = await take(vhost.url, at.queue, bad.length)
    for (const [number, [reason, properties, body]] of bad.entries()) {
      const letter = letters[number]!
      const note = readNote(letter.properties)
      expect(note).toMatchObject({ reason, source: at.source })
      expect(note.detail).toBeString()
      expect(note.groups).toBeUndefined()
      expect(Date.parse(note.time!)).toBeGreaterThanOrEqual(startedAt)
      expect(Date.parse(note.time!)).toBeLessThanOrEqual(Date.now())
      expect(hex(original(letter.properties))).toBe(hex(properties))
      expect(Buffer.from(letter.body).toString()).toBe(body)
    }
    const details = letters.map(({ properties }) => readNote(properties).detail).join("\n")
    expect(details).toContain("the key extractor threw TypeError")
    expect(details).toContain('the partitioner of group "g" threw TypeError')
    expect(details).toContain('the partitioner of group "g" returned 99, 0 to 1 are allowed')
    // What a stranger's plugin says may quote the message.
    expect(details).not.toContain("the key is throw")
    expect(details).not.toContain("not this one")
    await at.settled(2 * bad.length)
    await expectMessages(at.connection, at.source, 0)
    expect(at.router.stats.topics[at.topic]!.deadLettered).toMatchObject({
      missing_key: 1,
      invalid_json: 1,
      invalid_key: 2,
      plugin_error: 3,
    })
  })

  test("keeps its bytes, whatever its properties", async () => {
    await using at = await started({ key, groups: { g: { partitions: 1, ...classic } } })
    for (const [, properties] of hostile) at.publisher.publish(properties, of(0xff, 3))
    const letters = await take(vhost.url, at.queue, hostile.length)
    const expected = await untouched(
      vhost.url,
      hostile.map(([, properties]) => properties),
    )
    for (const [number, [what]] of hostile.entries()) {
      const letter = letters[number]!
      expect(readNote(letter.properties).reason).toBe("invalid_json")
      const kept = hex(original(letter.properties))
      expect({ what, properties: kept }).toEqual({ what, properties: hex(expected[number]!) })
      expect(hex(letter.body)).toBe("ffffff")
    }
  })

  test("keeps them when it is looked at and left in place, time and again", async () => {
    await using at = await started({ key, groups: { g: { partitions: 1, ...classic } } })
    // One that fills most of a frame has no room for a copy of itself.
    const kept = hostile.filter(([what]) => what !== "a large header table")
    for (const [, properties] of kept) at.publisher.publish(properties, of(0xff, 3))
    await at.settled(kept.length)
    const expected = await untouched(
      vhost.url,
      kept.map(([, properties]) => properties),
    )
    for (let round = 0; round < 3; round++) {
      // What a closed channel held is back in the queue a moment later.
      await expectMessages(at.connection, at.queue, kept.length)
      const seen: { what: string; properties: string }[] = []
      await visitMessages(at.connection, at.queue, kept.length, ({ properties }) => {
        seen.push({ what: kept[seen.length]![0], properties: hex(original(properties)) })
        return "keep"
      })
      expect(seen).toEqual(
        kept.map(([what], number) => ({ what, properties: hex(expected[number]!) })),
      )
    }
  })
})

describe("visiting a queue", () => {
  for (const type of ["classic", "quorum"] as const) {
    test(`removes what it is told to, for good, and keeps the rest in order (${type} queue)`, async () => {
      const connection = await connect(vhost.url)
      const channel = await connection.plainChannel()
      const verdicts = {
        all: () => true,
        "all but the first": (number: number) => number > 0,
        "every other": (number: number) => number % 2 === 1,
        "all but the last": (number: number) => number < 899,
      }
      for (const [what, isUnwanted] of [1, 2, 3].flatMap(() => Object.entries(verdicts))) {
        const queue = unique(`visited.${type}`)
        await channel.queueDeclare(queue, { durable: true }, { "x-queue-type": type })
        const publisher = await RawPublisher.open(connection, queue)
        const numbers = Array.from({ length: 900 }, (_, number) => number)
        for (const number of numbers) publisher.publish(rawList({}), bytesOf(String(number)))
        await publisher.unconfirmedAtMost(0)
        await visitMessages(connection, queue, 900, ({ body }) =>
          isUnwanted(Number(Buffer.from(body).toString())) ? "remove" : "keep",
        )
        const kept = numbers.filter((number) => !isUnwanted(number))
        const count = () => countMessages(connection, queue)
        await until(async () => (await count())! >= kept.length, { what: `${what}: what is kept` })
        const left: number[] = []
        await visitMessages(connection, queue, 900, ({ body }) => {
          left.push(Number(Buffer.from(body).toString()))
          return "keep"
        })
        expect({ what, left }).toEqual({ what, left: kept })
        await channel.queueDelete(queue)
      }
      await connection.shut(5_000)
    })
  }
})

describe("a message that a group cannot get", () => {
  test("is dead-lettered for that group once retries are over, and others get theirs", async () => {
    await using user = await limitedUser(vhost)
    await using at = await started(
      {
        key: [{ use: "header", name: "k" }],
        groups: { whole: { partitions: 1, ...classic }, broken: { partitions: 1, ...classic } },
        retry: { attemptsMax: 3, backoffMs: 5, backoffMaxMs: 20 },
      },
      user.url,
    )
    const broken = `partymq.${at.topic}.broken.g1.p0`
    const messages = ["1", "2", "3"].map((number) => ({
      properties: rawList({ headers: [textHeader("k", "a")], messageId: number }),
      body: bytesOf(number),
    }))
    await user.mayConfigure("^$")
    await management("DELETE", `/api/queues/${vhost.name}/${broken}`)
    for (const { properties, body } of messages) at.publisher.publish(properties, body)
    const letters = await take(vhost.url, at.queue, messages.length)
    for (const [number, { properties, body }] of messages.entries()) {
      const letter = letters[number]!
      expect(readNote(letter.properties)).toMatchObject({
        reason: "unroutable",
        source: at.source,
        groups: ["broken"],
      })
      expect(readNote(letter.properties).detail).toContain(`"${broken}"`)
      expect(hex(original(letter.properties))).toBe(hex(properties))
      expect(letter.body).toEqual(body)
    }
    await at.settled(messages.length)
    const whole = await take(vhost.url, `partymq.${at.topic}.whole.g1.p0`, messages.length)
    expect(whole.map(({ body }) => body)).toEqual(messages.map(({ body }) => body))
    await user.mayConfigure(".*")
    // The queue is declared again when a publish has come back, so the one after that arrives.
    for (const number of [4, 5]) {
      at.publisher.publish(messages[0]!.properties, bytesOf(String(number)))
      await at.settled(number)
    }
    const arrived = await take(vhost.url, broken, (await countMessages(at.connection, broken)) ?? 0)
    expect(arrived.at(-1)?.body).toEqual(bytesOf("5"))
  })
})
