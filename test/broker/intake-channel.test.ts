import { expect, test } from "bun:test"
import type { Connection } from "../../src/broker/connection.ts"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { IntakeChannel } from "../../src/broker/intake-channel.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { withChannel } from "../../src/broker/with-channel.ts"
import { bounds } from "../../src/core/bounds.ts"
import { uint32At } from "../../src/wire/bytes.ts"
import { ackFrame, frameHeadBytes } from "../../src/wire/frames.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { heldWayOut } from "./held-way-out.ts"

const vhost = withVhost()
const prefetch = 64

/** A quorum queue for one consumer at a time, with so many messages. */
async function filled(producer: Connection, count: number): Promise<string> {
  const queue = unique("intake")
  const args = { "x-queue-type": "quorum", "x-single-active-consumer": true }
  await withChannel(producer, "declaring", (channel) =>
    channel.queueDeclare(queue, { durable: true }, args),
  )
  const publisher = await RawPublisher.open(producer, queue)
  for (let n = 0; n < count; n++) {
    publisher.publish(encodeProperties({ deliveryMode: 2 }), new Uint8Array([n]))
  }
  await publisher.unconfirmedAtMost(0)
  return queue
}

/** One on that queue, whose messages are confirmed only if the test does so. */
function intakeOf(connection: Connection, queue: string) {
  const way = heldWayOut(queue)
  const ends: string[] = []
  const consuming = new IntakeChannel({
    ...{ connection, queue, prefetch, dispatch: way.dispatch, deadLetters: way.deadLetters },
    budget: { take: () => {}, give: () => {} },
    ...{ takes: () => true, held: () => {}, idle: () => {} },
    ended: (reason) => ends.push(reason),
  })
  return { consuming, way, ends }
}

/** What a queue has left: its next messages, for whoever is the next consumer. */
async function leftOf(connection: Connection, queue: string, count: number): Promise<number[]> {
  const left: number[] = []
  const delivered = ({ body }: Delivery) => left.push(body[0]!)
  const reader = await readQueue(connection, queue, { prefetch, delivered, ended: () => {} })
  await until(() => left.length >= count, { what: () => `what is left, not ${left}` })
  await reader.close()
  return left
}

test("what settles after the broker has closed the channel acks nothing of the channel that comes next", async () => {
  const [connection, producer] = await Promise.all([connect(vhost.url), connect(vhost.url)])
  const [queue, other] = [await filled(producer, 1), await filled(producer, 1)]
  const { consuming, way, ends } = intakeOf(connection, queue)
  await consuming.open(false)
  await until(() => way.sent() === 1, { what: "the message" })
  // There is no such delivery: the broker closes the channel.
  const channel = connection.channels.findLastIndex((each) => each !== undefined)
  connection.write(ackFrame(channel, 99, false))
  await until(() => ends.length === 1, { what: "the channel's end" })

  let came = 0
  const delivered = () => came++
  const reader = await readQueue(connection, other, { prefetch, delivered, ended: () => {} })
  expect(connection.channels.findLastIndex((each) => each !== undefined)).toBe(channel)
  await until(() => came === 1, { what: "the other queue's message" })
  way.outbox.confirmed(1, false)
  expect(consuming.size).toBe(0)
  await consuming.close()
  await reader.close()
  expect(await leftOf(connection, other, 1)).toEqual([0])
  expect(connection.closed).toBe(false)
  await Promise.all([connection.shut(1_000), producer.shut(1_000)])
})

test("what settles while acks are being made sure of is acked as well", async () => {
  const [connection, producer] = await Promise.all([connect(vhost.url), connect(vhost.url)])
  // More than are surely taken, also when the first two become one.
  const count = bounds.unsettledAcksMax + 8
  const queue = await filled(producer, count)
  const { consuming, way } = intakeOf(connection, queue)
  await consuming.open(false)
  await until(() => way.sent() === 1, { what: "the first message" })
  way.outbox.confirmed(1, false)
  await until(() => way.sent() === count, { what: "all messages" })
  for (let sent = 2; sent < count - 1; sent++) {
    way.outbox.confirmed(sent, false)
    const before = consuming.ackCount
    await until(() => consuming.ackCount > before, { what: "its ack" })
  }
  const settling = consuming.settleAcks(true)
  way.outbox.confirmed(count - 1, false)
  await settling
  await connection.shut(1_000)
  expect(await leftOf(producer, queue, 1)).toEqual([count - 1])
  await producer.shut(1_000)
})

test("a queue that goes as soon as it is consumed is told of by what opens it, or after that", async () => {
  const [connection, producer] = await Promise.all([connect(vhost.url), connect(vhost.url)])
  const queue = await filled(producer, 0)
  const { consuming, ends } = intakeOf(connection, queue)
  const write = connection.write.bind(connection)
  let hasAsked = false
  connection.write = (frames) => {
    write(frames)
    if (!(frames instanceof Uint8Array) || uint32At(frames, frameHeadBytes) !== basicConsume) return
    // So that the broker's answer and the end come together.
    connection.pauseReading()
    hasAsked = true
  }
  const endsBefore = consuming.open(false).then(
    () => ends.length,
    () => 0,
  )
  const isConsumed = async () => {
    const asked = await withChannel(producer, "looking", (channel) =>
      channel.queueDeclare(queue, { passive: true }),
    )
    return asked.consumerCount === 1
  }
  await until(() => hasAsked, { what: "the consumer to be asked for" })
  await until(isConsumed, { what: "the consumer" })
  let isTold = false
  const ended = () => {
    isTold = true
  }
  const witness = await readQueue(producer, queue, { prefetch, delivered: () => {}, ended })
  await withChannel(producer, "deleting", (channel) => channel.queueDelete(queue))
  await until(() => isTold, { what: "the end" })
  await withChannel(producer, "looking", (channel) => channel.queueDeclare("", { exclusive: true }))
  connection.resumeReading()
  expect(await endsBefore).toBe(0)
  await Promise.all([consuming.close(), witness.close()])
  await Promise.all([connection.shut(1_000), producer.shut(1_000)])
})

test("one whose connection is given up is closed at once", async () => {
  const [connection, producer] = await Promise.all([connect(vhost.url), connect(vhost.url)])
  const queue = await filled(producer, 1)
  const { consuming, way } = intakeOf(connection, queue)
  await consuming.open(false)
  await until(() => way.sent() === 1, { what: "the message" })
  connection.destroy()
  const sinceMs = performance.now()
  await consuming.close()
  expect(performance.now() - sinceMs).toBeLessThan(bounds.requestTimeoutMs / 2)
  await producer.shut(1_000)
}, 30_000)

/** Class and method, as the protocol numbers them. */
const basicConsume = 0x003c_0014
