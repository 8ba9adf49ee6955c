import { expect, test } from "bun:test"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { connect } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
/** Without waiting until it is there for good, RabbitMQ 3.10.8 ends the connection within some four. */
const rounds = 10

test("a quorum queue that was gone is tried again and again while it is deleted and declared, at no cost to the connection", async () => {
  const [reading, declaring] = await Promise.all([connect(vhost.url), connect(vhost.url)])
  const channel = await declaring.plainChannel()
  const queue = unique("gone")
  const losses: string[] = []
  reading.onLost = (reason) => losses.push(reason)
  const read = async (ended: () => void) => {
    const options = { prefetch: 1, wasGone: true, delivered: () => {}, ended }
    while (losses.length === 0) {
      const reader = await readQueue(reading, queue, options).catch(() => undefined)
      if (reader !== undefined) return
    }
  }
  for (let round = 0; round < rounds && losses.length === 0; round++) {
    const gone = Promise.withResolvers<void>()
    const isRead = read(gone.resolve)
    const settings = { "x-queue-type": "quorum", "x-single-active-consumer": true }
    await channel.queueDeclare(queue, { durable: true }, settings)
    await isRead
    await channel.queueDelete(queue)
    if (losses.length === 0) await gone.promise
  }
  expect(losses).toEqual([])
  await Promise.all([reading.shut(1_000), declaring.shut(1_000)])
}, 30_000)
