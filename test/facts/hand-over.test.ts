import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { encodeProperties } from "../../src/wire/properties.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { type SentMethod, WireRecorder } from "../support/wire-recorder.ts"

/** What a router says on the wire from its start to its stop under load, against the client's habits. */

const vhost = withVhost()
const properties = encodeProperties({ deliveryMode: 2, headers: [["k", "a"]] })

describe("from its start to its stop under load a router", () => {
  let connections: readonly (readonly SentMethod[])[] = []
  const prefetch = 77
  const of = (name: string) => connections.flat().filter((method) => method.name === name)

  beforeAll(async () => {
    const url = new URL(vhost.url)
    const recorder = await WireRecorder.listen(Number(url.port))
    url.port = String(recorder.port)
    const topic = unique("recorded")
    const router = await startedRouter({
      amqp: { url: url.href },
      topics: {
        [topic]: {
          source: { queue: `${topic}.source`, prefetch },
          key: [{ use: "header", name: "k" }],
          groups: { g: { partitions: 1 } },
        },
      },
    })
    const feeder = await connect(vhost.url)
    const publisher = await RawPublisher.open(feeder, `${topic}.source`)
    for (let n = 0; n < 5_000; n++) publisher.publish(properties, new Uint8Array(10))
    await until(() => router.stats.topics[topic]!.settled > 500, { what: "some to be routed" })
    await router.stop()
    connections = recorder.connections
    await publisher.unconfirmedAtMost(0)
    await feeder.shut(5_000)
    await recorder.close()
  }, 60_000)
  afterAll(() => {
    connections = []
  })

  test("gives its source back without a cancel and without a nack, by which it would be overtaken", () => {
    for (const name of ["basic.cancel", "basic.nack", "basic.reject", "basic.recover"]) {
      expect(of(name)).toEqual([])
    }
    expect(of("basic.ack").length).toBeGreaterThan(0)
  })

  test("acks by hand, though the client's default is not to, and within a prefetch", () => {
    const sourceConsumes = connections.filter((sent) => sent.some(isSourceConsume))
    expect(sourceConsumes).toHaveLength(1)
    const [sent] = sourceConsumes
    const consumeAt = sent!.findIndex(isSourceConsume)
    const noAck = 2
    expect(flagsOfConsume(sent![consumeAt]!) & noAck).toBe(0)
    const qos = sent!.slice(0, consumeAt).findLast(({ name }) => name === "basic.qos")
    expect(qos?.arguments.getUint16(4)).toBe(prefetch)
  })

  test("publishes and consumes on a connection each, for a blocked one takes its acks along", () => {
    const publishing = connections.filter((sent) =>
      sent.some(({ name }) => name === "basic.publish"),
    )
    const acking = connections.filter(
      (sent) => sent.filter(({ name }) => name === "basic.ack").length > 5,
    )
    expect(publishing.length).toBeGreaterThan(0)
    expect(acking).toHaveLength(1)
    expect(publishing).not.toContain(acking[0]!)
  })

  test("agrees on large frames and on heartbeats, where the client has 8192 bytes and none", () => {
    const tuned = of("connection.tune-ok")
    expect(tuned.length).toBeGreaterThan(0)
    for (const { arguments: args } of tuned) {
      expect(args.getUint32(2)).toBe(131_072)
      expect(args.getUint16(6)).toBeGreaterThan(0)
    }
  })

  test("publishes everything as mandatory, for else what has no queue is confirmed and gone", () => {
    const published = of("basic.publish")
    expect(published.length).toBeGreaterThan(500)
    for (const { arguments: args } of published) {
      expect(args.getUint8(args.byteLength - 1) & 1).toBe(1)
    }
  })
})

/** The record of generations is a stream, and read from the publishing connection. */
const isSourceConsume = (method: SentMethod): boolean =>
  method.name === "basic.consume" && queueOfConsume(method).endsWith(".source")

const queueOfConsume = ({ arguments: args }: SentMethod): string => {
  const bytes = new Uint8Array(args.buffer, args.byteOffset + 3, args.getUint8(2))
  return new TextDecoder().decode(bytes)
}

/** Behind the reserved number, the queue and the consumer tag. */
const flagsOfConsume = ({ arguments: args }: SentMethod): number => {
  const tagAt = 3 + args.getUint8(2)
  return args.getUint8(tagAt + 1 + args.getUint8(tagAt))
}
