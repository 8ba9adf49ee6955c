import { encodeProperties } from "../../src/wire/properties.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"

/** A quorum queue for one consumer at a time with so many messages, 0, 1, 2, …, of 100 bytes each. */
export async function numberedMessages(url: string, count: number) {
  const connection = await connect(url)
  const queue = unique("numbered")
  const channel = await connection.plainChannel()
  const args = { "x-queue-type": "quorum", "x-single-active-consumer": true }
  await channel.queueDeclare(queue, { durable: true }, args)
  const publisher = await RawPublisher.open(connection, queue)
  const properties = encodeProperties({ deliveryMode: 2 })
  for (let n = 0; n < count; n++) {
    publisher.publish(properties, Buffer.from(String(n).padEnd(100 - properties.length)))
  }
  await publisher.unconfirmedAtMost(0)
  return { connection, queue }
}
