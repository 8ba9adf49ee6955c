import { expect, test } from "bun:test"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { management } from "../support/management.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()

test("a queue that is deleted while it is read leaves no channel open", async () => {
  const connection = await connect(vhost.url)
  const declaring = await connection.plainChannel()
  const queue = unique("deleted")
  await declaring.queueDeclare(queue)
  const ends: string[] = []
  await readQueue(connection, queue, {
    prefetch: 1,
    delivered: () => {},
    ended: (reason) => ends.push(reason),
  })
  await management("DELETE", `/api/queues/${vhost.name}/${queue}`)
  // The lowest number that is free is the next channel's.
  const isFree = async () => {
    const next = await connection.plainChannel()
    await next.close()
    return next.id === declaring.id + 1
  }
  await until(isFree, { what: "its channel to be closed" })
  expect(ends).toEqual([`queue "${queue}" was deleted`])
  await connection.shut(1_000)
})

test("a queue that another consumes exclusively is not said to need a right", async () => {
  const connection = await connect(vhost.url)
  const channel = await connection.plainChannel()
  const queue = unique("exclusive")
  await channel.queueDeclare(queue)
  await channel.basicConsume(queue, { exclusive: true }, () => {})
  const options = { prefetch: 1, delivered: () => {}, ended: () => {} }
  const refusal = await readQueue(connection, queue, options).catch((error) => error)
  expect(refusal.message).toStartWith(`cannot consume queue "${queue}": `)
  expect(refusal.message).toContain("in exclusive use")
  expect(refusal.code).toBe("broker_error")
  await connection.shut(1_000)
})

test("acks that the active consumer of a quorum queue settles are not lost with its channel, nor is order", async () => {
  const [reading, standing, publishing] = await Promise.all([1, 2, 3].map(() => connect(vhost.url)))
  const queue = unique("settled")
  const settings = { "x-queue-type": "quorum", "x-single-active-consumer": true }
  await (await publishing!.plainChannel()).queueDeclare(queue, { durable: true }, settings)
  const publisher = await RawPublisher.open(publishing!, queue)
  const properties = encodeProperties({ deliveryMode: 2 })
  for (let n = 0; n < 150; n++) publisher.publish(properties, Uint8Array.of(n))
  await publisher.unconfirmedAtMost(0)
  const options = { prefetch: 100, ended: () => {} }
  const held: Delivery[] = []
  const delivered = (delivery: Delivery) => void held.push(delivery)
  const active = await readQueue(reading!, queue, { ...options, delivered })
  await until(() => held.length === 100, { what: "a prefetch of messages" })
  const came: number[] = []
  const standby = await readQueue(standing!, queue, {
    ...options,
    delivered(delivery, reader) {
      came.push(delivery.body[0]!)
      reader.ackUpTo(delivery)
    },
  })
  // Of so many at once the broker's channel holds most back.
  for (const delivery of held.slice(0, 80)) active.ack(delivery)
  await active.settleAcksOfActive()
  await active.close()
  await until(() => came.includes(149), { what: "the rest" })
  expect(came).toEqual(Array.from({ length: 70 }, (_, n) => 80 + n))
  await standby.close()
  await Promise.all([reading, standing, publishing].map((each) => each!.shut(1_000)))
})
