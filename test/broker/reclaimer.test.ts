import { expect, test } from "bun:test"
import { Reclaimer } from "../../src/broker/clients/reclaimer.ts"
import { withChannel } from "../../src/broker/with-channel.ts"
import { bounds } from "../../src/core/bounds.ts"
import { BytePool } from "../../src/core/byte-pool.ts"
import { uint32At } from "../../src/wire/bytes.ts"
import { frameHeadBytes } from "../../src/wire/frames.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { heldWayOut } from "./held-way-out.ts"

const vhost = withVhost()
const bytes = 2 * 1024 * 1024
const count = 24
/** So that a message is on its way for longer than from one look at its queue to the next. */
const bytesPerSecond = bytes / ((2 * bounds.clientLookIntervalMs) / 1_000)

test("what is on its way from the broker is waited for, not delivered until a delivery limit drops it", async () => {
  const proxy = await TcpProxy.listen(Number(new URL(vhost.url).port))
  const url = new URL(vhost.url)
  url.port = String(proxy.port)
  const [connection, producer] = await Promise.all([connect(url.href), connect(vhost.url)])
  const queue = unique("left")
  await withChannel(producer, "declaring", (channel) =>
    channel.queueDeclare(queue, {}, { "x-queue-type": "quorum", "x-delivery-limit": 1 }),
  )
  const publisher = await RawPublisher.open(producer, queue)
  for (let n = 0; n < count; n++) {
    publisher.publish(encodeProperties({ deliveryMode: 2 }), new Uint8Array(bytes))
  }
  await publisher.unconfirmedAtMost(0)

  // Each is confirmed as soon as it is sent: between two that arrive nothing is under way.
  const wayOut = heldWayOut("g", (sent) =>
    queueMicrotask(() => wayOut.outbox.confirmed(sent, false)),
  )
  proxy.weather.bytesPerSecond = bytesPerSecond
  const left = await new Promise<number>((resolve, reject) => {
    new Reclaimer({
      ...{ connection, queue, group: "g", stats: wayOut.stats, deadLetters: wayOut.deadLetters },
      pool: new BytePool(count * bytes, 8),
      wayOf: () => ({ lane: wayOut.lane, partition: 0 }),
      ...{ returned: () => {}, held: () => {}, done: resolve },
      interrupted: () => reject(new Error("interrupted")),
      failed: (reason) => reject(new Error(reason)),
    })
  })
  expect(left).toBe(0)
  expect(wayOut.stats.settled).toBe(count)
  await Promise.all([connection.shut(1_000), producer.shut(1_000)])
  await proxy.close()
}, 60_000)

test("one that is closed while it asks for its queue ends without a word, and leaves no consumer", async () => {
  const [connection, producer] = await Promise.all([connect(vhost.url), connect(vhost.url)])
  const queue = unique("closed")
  await withChannel(producer, "declaring", (channel) => channel.queueDeclare(queue))
  const wayOut = heldWayOut("g")
  const failures: string[] = []
  const write = connection.write.bind(connection)
  let hasAsked = false
  connection.write = (frames) => {
    write(frames)
    if (!(frames instanceof Uint8Array) || uint32At(frames, frameHeadBytes) !== basicConsume) return
    hasAsked = true
    reclaimer.close()
  }
  const reclaimer: Reclaimer = new Reclaimer({
    ...{ connection, queue, group: "g", stats: wayOut.stats, deadLetters: wayOut.deadLetters },
    pool: new BytePool(bytes, 8),
    wayOf: () => ({ lane: wayOut.lane, partition: 0 }),
    ...{ returned: () => {}, held: () => {}, done: () => {}, interrupted: () => {} },
    failed: (reason) => failures.push(reason),
  })
  await until(() => hasAsked, { what: "the consumer to be asked for" })
  const consumers = async () => {
    const counts = await withChannel(producer, "looking", (channel) =>
      channel.queueDeclare(queue, { passive: true }),
    )
    return counts.consumerCount
  }
  // Behind everything that was asked before.
  await withChannel(connection, "looking", (channel) =>
    channel.queueDeclare("", { exclusive: true }),
  )
  await until(async () => (await consumers()) === 0, { what: "no consumer to be left" })
  expect(failures).toEqual([])
  await Promise.all([connection.shut(1_000), producer.shut(1_000)])
})

/** Class and method, as the protocol numbers them. */
const basicConsume = 0x003c_0014
