import { beforeAll, describe, expect, test } from "bun:test"
import type { Connection } from "../../src/broker/connection.ts"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { bounds } from "../../src/core/bounds.ts"
import { original } from "../../src/core/dead-letter.ts"
import { ContentFrames, publishFrame } from "../../src/wire/frames.ts"
import { concat, encodeShort } from "../../src/wire/properties.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import {
  bytes,
  entry,
  headers,
  type PassingMessage,
  passingMessages,
  refusedLists,
  rewrittenMessages,
  sized,
  text,
} from "./pass-through-cases.ts"

const vhost = withVhost()
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex")
const messages = passingMessages(bounds.frameBytesMax)

type TopicInput = ConfigInput["topics"][string]
type QueueType = "classic" | "quorum"

/** A topic with a source of that type and one partition. */
const configured = (topic: string, type: QueueType, keyed: Partial<TopicInput>): ConfigInput => ({
  amqp: { url: vhost.url },
  topics: {
    [topic]: {
      source: { queue: `${topic}.source`, type },
      groups: { g: { partitions: 1 } },
      ...keyed,
    },
  },
})

const keyed = { onMissingKey: { key: "any" } } as const
const unkeyed = { key: [{ use: "header", name: "nobody has it" }] }

/** How a message gets to the queue in which it is looked at. */
interface Way {
  readonly type: QueueType
  readonly keyed: Partial<TopicInput>
  /** It has been delivered once before the router sees it. */
  readonly again: boolean
  readonly target: (topic: string) => string
}

const partition = (topic: string) => `partymq.${topic}.g.g1.p0`
const deadLetters = (topic: string) => `partymq.${topic}.dlq`

const ways = {
  "to a partition": { type: "quorum", keyed, again: false, target: partition },
  "to a partition, delivered twice by a classic source": {
    type: "classic",
    keyed,
    again: true,
    target: partition,
  },
  "to a partition, delivered twice by a quorum source": {
    type: "quorum",
    keyed,
    again: true,
    target: partition,
  },
  "to the dead letters": { type: "quorum", keyed: unkeyed, again: false, target: deadLetters },
  "to the dead letters, delivered twice": {
    type: "classic",
    keyed: unkeyed,
    again: true,
    target: deadLetters,
  },
} as const satisfies { [name: string]: Way }

/** Sends messages through a router that is made for it; answers what lies at their way's end. */
async function passed(way: Way, all: readonly PassingMessage[]): Promise<Delivery[]> {
  const topic = unique("way")
  const config = configured(topic, way.type, way.keyed)
  const source = `${topic}.source`
  const first = await startedRouter(config)
  if (way.again) await first.stop()
  const connection = await connect(vhost.url)
  await publishAll(connection, source, all)
  if (way.again) await seeAndGiveBack(source, all.length)
  const router = way.again ? await startedRouter(config) : first
  const arrived = await take(vhost.url, way.target(topic), all.length)
  expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
  await connection.shut(5_000)
  await router.stop()
  return arrived
}

async function publishAll(
  connection: Connection,
  queue: string,
  all: readonly PassingMessage[],
): Promise<void> {
  const publisher = await RawPublisher.open(connection, queue)
  for (const { properties, body } of all) publisher.publish(properties, body)
  await publisher.unconfirmedAtMost(0)
}

/** What the broker itself delivers of these, with no router between: it alters some. */
async function untouched(all: readonly PassingMessage[], type: QueueType): Promise<Delivery[]> {
  const queue = unique("reference")
  const connection = await connect(vhost.url)
  const channel = await connection.plainChannel()
  await channel.queueDeclare(queue, { durable: true }, { "x-queue-type": type })
  await publishAll(connection, queue, all)
  await connection.shut(5_000)
  return take(vhost.url, queue, all.length)
}

/** Takes deliveries and closes the channel without an ack. */
async function seeAndGiveBack(queue: string, count: number): Promise<void> {
  const connection = await connect(vhost.url)
  let seen = 0
  const delivered = () => seen++
  const reader = await readQueue(connection, queue, { prefetch: 0, delivered, ended: () => {} })
  await until(() => seen === count, { what: `${count} deliveries` })
  await reader.close()
  await connection.shut(5_000)
}

const isDeadLetters = (way: Way) => way.target === deadLetters
/** A dead letter carries its properties as bytes; else a quorum queue is on the way, and rewrites some. */
const rewrites = (way: Way) => way.type === "quorum" || !isDeadLetters(way)
const asSent = (way: Way, { properties }: Delivery) =>
  hex(isDeadLetters(way) ? original(properties) : properties)

describe("passes byte for byte, to a partition and to the dead letters, also delivered twice:", () => {
  const compared: { name: string; way: Way; arrived: Delivery[]; expected: Delivery[] }[] = []
  beforeAll(async () => {
    const quorum = await untouched(messages, "quorum")
    const classic = await untouched(messages, "classic")
    for (const [name, way] of Object.entries(ways)) {
      const arrived = await passed(way, messages)
      compared.push({ name, way, arrived, expected: rewrites(way) ? quorum : classic })
    }
  }, 120_000)

  for (const [at, { what, body }] of messages.entries()) {
    test(what, () => {
      for (const { name, way, arrived, expected } of compared) {
        const delivery = arrived[at]!
        const properties = hex(expected[at]!.properties)
        expect({ name, properties: asSent(way, delivery) }).toEqual({ name, properties })
        expect({ name, differs: Buffer.compare(delivery.body, body) }).toEqual({ name, differs: 0 })
      }
    })
  }
})

test("header order, repeats and an empty table pass, unless a quorum source delivers twice", async () => {
  const expected = await untouched(rewrittenMessages, "quorum")
  const unaltered = Object.entries(ways).filter(
    ([, way]) => !(way.again && (way.type as QueueType) === "quorum"),
  )
  for (const [name, way] of unaltered) {
    const arrived = await passed(way, rewrittenMessages)
    for (const [at, { what }] of rewrittenMessages.entries()) {
      const came = { name, what, properties: asSent(way, arrived[at]!) }
      expect(came).toEqual({ name, what, properties: hex(expected[at]!.properties) })
    }
  }
}, 60_000)

test("the broker lets nobody publish what it could not deliver, so that no source holds it", async () => {
  const topic = unique("refused")
  const router = await startedRouter(configured(topic, "classic", keyed))
  let accepted = 0
  for (const [what, properties] of refusedLists) {
    const outcome = await publishAlone(`${topic}.source`, properties)
    if (outcome === "confirmed") accepted += 1
    else expect({ what, outcome }).toEqual({ what, outcome: expect.stringContaining("closed") })
  }
  const connection = await connect(vhost.url)
  const last: PassingMessage = { what: "the last", properties: bytes(0, 0), body: bytes(9) }
  await publishAll(connection, `${topic}.source`, [last])
  const arrived = await take(vhost.url, partition(topic), accepted + 1)
  expect(arrived.at(-1)!.body).toEqual(last.body)
  expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
  await connection.shut(5_000)
  await router.stop()
}, 60_000)

/** Publishes on a connection that may be lost by it; says what came of it. */
async function publishAlone(queue: string, properties: Uint8Array): Promise<string> {
  const connection = await connect(vhost.url)
  let outcome: string | undefined
  const settle = (what: string) => {
    outcome ??= what
  }
  const { id } = await confirming(connection, settle)
  const frames = new ContentFrames(
    id,
    publishFrame(id, queue),
    properties,
    bytes(1),
    connection.frameMax,
  )
  connection.write(frames)
  await until(() => outcome !== undefined, { what: "the broker's answer" })
  connection.destroy()
  return outcome!
}

async function confirming(connection: Connection, settle: (what: string) => void) {
  const listener = { confirmed: () => settle("confirmed") }
  const channel = await connection.rawChannel(listener, (reason) => settle(`closed: ${reason}`))
  await channel.confirmSelect()
  return channel
}

describe("what the broker would act on is treated as documented, and stalls nothing:", () => {
  const user = () => new URL(vhost.url).username
  const array = sized(concat([new TextEncoder().encode("S"), text("nowhere")]))
  const treated: readonly (readonly [
    what: string,
    sent: () => Uint8Array,
    forwarded: () => Uint8Array,
  ])[] = [
    [
      "CC becomes x-partymq-cc",
      () => headers(entry("CC", "A", array), entry("a", "t", bytes(1))),
      () => headers(entry("x-partymq-cc", "A", array), entry("a", "t", bytes(1))),
    ],
    [
      "user_id becomes x-partymq-user-id",
      () => concat([bytes(0, 0x18), encodeShort(user()), encodeShort("app")]),
      () =>
        concat([
          bytes(0x20, 0x08),
          sized(entry("x-partymq-user-id", "S", text(user()))),
          encodeShort("app"),
        ]),
    ],
    [
      "CC that fills a frame is dropped, for its longer name would not fit",
      () => {
        const rest = headers(entry("CC", "A", array), entry("f", "x", sized(bytes()))).length
        const fill = new Uint8Array(bounds.frameBytesMax - 20 - rest)
        return headers(entry("CC", "A", array), entry("f", "x", sized(fill)))
      },
      () => {
        const rest = headers(entry("CC", "A", array), entry("f", "x", sized(bytes()))).length
        return headers(entry("f", "x", sized(new Uint8Array(bounds.frameBytesMax - 20 - rest))))
      },
    ],
  ]
  const messagesOf = (which: 1 | 2) =>
    treated.map((each) => ({ what: each[0], properties: each[which](), body: bytes(5) }))

  for (const [name, way] of Object.entries(ways)) {
    test(name, async () => {
      const arrived = await passed(way, messagesOf(1))
      // A broker may sort what it is given, in a queue of dead letters too; their copy is as it was.
      const forwarded = messagesOf(2)
      const expected = isDeadLetters(way) ? forwarded : await untouched(forwarded, "quorum")
      for (const [at, { what }] of forwarded.entries()) {
        const came = { what, properties: asSent(way, arrived[at]!) }
        expect(came).toEqual({ what, properties: hex(expected[at]!.properties) })
      }
    }, 30_000)
  }
})
