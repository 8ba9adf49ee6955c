import { describe, expect, test } from "bun:test"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { concat, encodeShort, encodeUint32 } from "../../src/wire/properties.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const encoder = new TextEncoder()

const bytes = (...values: number[]) => Uint8Array.from(values)
const repeated = (size: number, byte: number) => new Uint8Array(size).fill(byte)

/** A header table entry: name, type tag, value. */
const entry = (name: string, type: string, value: Uint8Array) =>
  concat([encodeShort(name), encoder.encode(type), value])
const sized = (value: Uint8Array) => concat([encodeUint32(value.length), value])
const key = entry("k", "S", sized(encoder.encode("the key")))

const headersOnly = (...entries: Uint8Array[]) =>
  concat([bytes(0x20, 0x00), sized(concat([key, ...entries]))])

const anything = repeated(8, 0xff)
const fields: [type: string, value: Uint8Array][] = [
  ["t", bytes(1)],
  ["b", bytes(0x80)],
  ["B", bytes(0xff)],
  ["s", bytes(0x80, 0)],
  ["u", bytes(0xff, 0xff)],
  ["I", bytes(0x80, 0, 0, 0)],
  ["i", bytes(0xff, 0xff, 0xff, 0xff)],
  ["l", bytes(0x80, 0, 0, 0, 0, 0, 0, 1)],
  // NaN never gets as far as a queue: RabbitMQ ends the connection that publishes it.
  ["f", bytes(0x3f, 0x80, 0, 1)],
  ["d", bytes(0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a)],
  ["D", bytes(2, 0, 0, 0, 150)],
  ["S", sized(bytes(0xff, 0xfe, 0x00))],
  ["S", sized(bytes())],
  ["A", sized(concat([encoder.encode("I"), bytes(0, 0, 0, 7), encoder.encode("V")]))],
  ["T", bytes(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ["F", sized(entry("__proto__", "t", bytes(0)))],
  ["V", bytes()],
  ["x", sized(repeated(20_000, 0xa5))],
]

/**
 * Each is published to the source as these bytes, and has to arrive as it does without a router
 * between: RabbitMQ 4 sorts the headers of some messages itself.
 */
const cases: [what: string, properties: Uint8Array, body: Uint8Array][] = [
  ["an empty body", headersOnly(), bytes()],
  ["a body of one byte", headersOnly(), bytes(0)],
  ["a body of exactly one frame", headersOnly(), repeated(131_072 - 8, 7)],
  ["a body of one byte more than a frame", headersOnly(), repeated(131_072 - 7, 7)],
  ["a body of three megabytes", headersOnly(), repeated(3_000_000, 1)],
  [
    "a header table of 100 kB",
    headersOnly(entry("big", "x", sized(repeated(100_000, 3)))),
    anything,
  ],
  [
    "names that look like numbers, in their order",
    headersOnly(entry("2", "V", bytes()), entry("1", "V", bytes())),
    anything,
  ],
  [
    "the same name twice",
    headersOnly(entry("n", "t", bytes(0)), entry("n", "t", bytes(1))),
    anything,
  ],
  [
    "every basic property",
    concat([
      bytes(0xff, 0xec),
      encodeShort("text/plain"),
      encodeShort("identity"),
      sized(key),
      bytes(1, 0),
      ...["correlation", "reply", "86400000", "id"].map(encodeShort),
      bytes(0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      ...["type", "app", "cluster"].map(encodeShort),
    ]),
    anything,
  ],
  ...fields.map(([type, value]): [string, Uint8Array, Uint8Array] => [
    `a header of type ${type}`,
    headersOnly(entry("value", type, value)),
    anything,
  ]),
]

/** A topic with a source and one partition, keyed as a test needs it. */
const configured = (topic: string, keyed: Partial<ConfigInput["topics"][string]>): ConfigInput => ({
  amqp: { url: vhost.url },
  topics: {
    [topic]: { source: { queue: `${topic}.source` }, groups: { g: { partitions: 1 } }, ...keyed },
  },
})

describe("properties, headers and body pass through byte for byte", () => {
  test("whatever they are", async () => {
    const topic = unique("verbatim")
    const router = await startedRouter(configured(topic, { key: [{ use: "header", name: "k" }] }))
    const connection = await connect(vhost.url)
    const publisher = await RawPublisher.open(connection, `${topic}.source`)
    const reference = `${topic}.reference`
    const channel = await connection.plainChannel()
    await channel.queueDeclare(reference, { durable: true }, { "x-queue-type": "quorum" })
    const direct = await RawPublisher.open(connection, reference)
    for (const [, properties, body] of cases) {
      publisher.publish(properties, body)
      direct.publish(properties, body)
    }
    await publisher.unconfirmedAtMost(0)
    await direct.unconfirmedAtMost(0)
    const expected = await take(vhost.url, reference, cases.length)
    const taken = await take(vhost.url, `partymq.${topic}.g.g1.p0`, cases.length)
    for (const [at, [what, , body]] of cases.entries()) {
      const arrived = taken[at]!
      expect({ what, properties: hex(arrived.properties) }).toEqual({
        what,
        properties: hex(expected[at]!.properties),
      })
      expect(Buffer.compare(arrived.body, body)).toBe(0)
    }
    await connection.shut(5_000)
    await router.stop()
  }, 60_000)

  test("also when the source delivers them again", async () => {
    const topic = unique("again")
    const config = configured(topic, { onMissingKey: { key: "any" } })
    await (await startedRouter(config)).stop()
    const connection = await connect(vhost.url)
    const publisher = await RawPublisher.open(connection, `${topic}.source`)
    const lists = [headersOnly(), bytes(0, 0), headersOnly(entry("x", "I", bytes(0, 0, 0, 1)))]
    for (const properties of lists) publisher.publish(properties, anything)
    await publisher.unconfirmedAtMost(0)
    const seen = await seeAndGiveBack(`${topic}.source`, lists.length)
    expect(seen).toHaveLength(lists.length)
    const router = await startedRouter(config)
    const taken = await take(vhost.url, `partymq.${topic}.g.g1.p0`, lists.length)
    expect(taken.map(({ properties }) => hex(properties))).toEqual(lists.map(hex))
    await connection.shut(5_000)
    await router.stop()
  })

  test("but for what the broker would act on", async () => {
    const topic = unique("treated")
    const router = await startedRouter(configured(topic, { key: [{ use: "header", name: "k" }] }))
    const connection = await connect(vhost.url)
    const publisher = await RawPublisher.open(connection, `${topic}.source`)
    const other = encoder.encode("S")
    const copies = sized(concat([other, sized(encoder.encode(`${topic}.copy`))]))
    const user = new URL(vhost.url).username
    publisher.publish(headersOnly(entry("CC", "A", copies)), anything)
    publisher.publish(concat([bytes(0x20, 0x10), sized(key), encodeShort(user)]), anything)
    await publisher.unconfirmedAtMost(0)
    const [copied, owned] = await take(vhost.url, `partymq.${topic}.g.g1.p0`, 2)
    expect(hex(copied!.properties)).toBe(hex(headersOnly(entry("x-partymq-cc", "A", copies))))
    const userId = entry("x-partymq-user-id", "S", sized(encoder.encode(user)))
    expect(hex(owned!.properties)).toBe(hex(headersOnly(userId)))
    expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0 })
    await connection.shut(5_000)
    await router.stop()
  })
})

const hex = (value: Uint8Array) => Buffer.from(value).toString("hex")

/** Takes deliveries and closes the channel without an ack. */
async function seeAndGiveBack(queue: string, count: number): Promise<Delivery[]> {
  const connection = await connect(vhost.url)
  const seen: Delivery[] = []
  const delivered = (delivery: Delivery) => seen.push(delivery)
  const reader = await readQueue(connection, queue, { prefetch: count, delivered, ended: () => {} })
  await until(() => seen.length === count, { what: `${count} deliveries` })
  await reader.close()
  await connection.shut(5_000)
  return seen
}
