import { expect, test } from "bun:test"
import { AMQPView } from "@cloudamqp/amqp-client/amqp-view"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { seeded } from "../support/seed.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, hex, long, rawList, textHeader } from "../wire/property-list.ts"

/**
 * What decoding a message and encoding it again would do to it. That values of every type pass is
 * shown in `test/router/pass-through.test.ts`.
 */

const vhost = withVhost()

async function routing() {
  const topic = unique("codec")
  const config: ConfigInput = {
    amqp: { url: vhost.url },
    topics: {
      [topic]: {
        source: { queue: `${topic}.source` },
        onMissingKey: { key: "any" },
        groups: { g: { partitions: 1 } },
      },
    },
  }
  const router = await startedRouter(config)
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, `${topic}.source`)
  return {
    router,
    topic,
    connection,
    publisher,
    partition: partitionQueue(topic, "g", 1, 0),
    async [Symbol.asyncDispose]() {
      expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
      await connection.shut(5_000)
      await router.stop()
    },
  }
}

test(
  "byte arrays as headers come whole though their frames come in pieces, of 400 every one",
  seeded(async (random) => {
    await using at = await routing()
    const lists = Array.from({ length: 400 }, () => {
      const value = new Uint8Array(15_000 + random.integer(10_000)).map(() => random.integer(256))
      return rawList({ headers: [{ name: "bytes", type: "x", value: long(value) }] })
    })
    for (const list of lists) at.publisher.publish(list, new Uint8Array(1))
    await at.publisher.unconfirmedAtMost(0)
    const arrived = await take(vhost.url, at.partition, lists.length)
    const altered = arrived.filter(
      ({ properties }, n) => Buffer.compare(properties, lists[n]!) !== 0,
    )
    expect(altered.length).toBe(0)
  }),
  30_000,
)

test("the client's codec would alter what passes here: the trap is still there", () => {
  const value = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 1)
  const list = rawList({ headers: [{ name: "n", type: "l", value }, textHeader("__proto__", "x")] })
  const view = new AMQPView(list.buffer, list.byteOffset, list.byteLength)
  const headers = new Map(Object.entries(view.getProperties(0)[0].headers ?? {}))
  expect(headers.has("__proto__")).toBe(false)
  expect(String(headers.get("n"))).not.toBe(String(-(2n ** 63n) + 1n))
})

test("a CC header sends copies when its producer publishes, and none when it is routed", async () => {
  await using at = await routing()
  const copies = `${at.topic}.copies`
  const channel = await at.connection.plainChannel()
  await channel.queueDeclare(copies, { durable: true }, {})
  const item = Uint8Array.of("S".charCodeAt(0), ...long(bytesOf(copies)))
  const list = rawList({ headers: [{ name: "CC", type: "A", value: long(item) }] })
  at.publisher.publish(list, new Uint8Array(1))
  await at.publisher.unconfirmedAtMost(0)
  const [arrived] = await take(vhost.url, at.partition, 1)
  const renamed = rawList({ headers: [{ name: "x-partymq-cc", type: "A", value: long(item) }] })
  expect(hex(arrived!.properties)).toBe(hex(renamed))
  await expectMessages(at.connection, copies, 1)
})
