import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Forwarding } from "../../src/broker/clients/forwarding.ts"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { PullPartition } from "../../src/broker/pull/pull-partition.ts"
import { SourceSide } from "../../src/broker/source-side.ts"
import { BytePool } from "../../src/core/byte-pool.ts"
import type { Lane, Letter, Parcel } from "../../src/core/lane.ts"
import { routerStats, topicStats } from "../../src/core/stats.ts"
import { serveHttp } from "../../src/http/serve-http.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { backoff, heldWayOut } from "../broker/held-way-out.ts"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../support/private-broker.ts"
import { PullClient } from "../support/pull-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { GroupScene, keysNamed } from "./group-scene.ts"
import { numberedMessages } from "./numbered-messages.ts"

const messages = 80

const numberOf = (body: Uint8Array) => Number(Buffer.from(body).toString())

describe.skipIf(!canStartPrivateBroker)("while the broker's disk stands still", () => {
  let broker: PrivateBroker
  let here: GroupScene

  beforeAll(async () => {
    broker = await startPrivateBroker()
    here = await GroupScene.open({ url: broker.url, type: "quorum", partitions: 1 })
  }, 60_000)

  afterAll(async () => {
    await here?.close()
    await broker?.stop()
  }, 60_000)

  /** What writes the log of quorum queues is suspended: they take nothing more, no acks either. */
  const disk = (what: "suspend" | "resume") => broker.ctl("eval", `sys:${what}(ra_log_wal).`)

  test("a consumer gives its partition back with nothing that comes twice", async () => {
    const handled: string[] = []
    const stopped = Promise.withResolvers<void>()
    const first = await here.join({
      concurrency: 1,
      async handler(message) {
        await stopped.promise
        // Longer than acks are gathered: so that there is an ack for each.
        await Bun.sleep(25)
        handled.push(message.keyText!)
      },
    })
    await here.publishAll(keysNamed(messages), 1)
    await disk("suspend")
    stopped.resolve()
    // A quorum queue's channel holds back acks over 32, and forgets them when it closes.
    await until(() => handled.length >= 50, { what: "most of the messages" })
    const closing = first.close({ handOver: false })
    await disk("resume")
    expect(await closing).toBe(true)
    const count = handled.length
    expect(count).toBeLessThan(messages)
    await here.join({ handler: (message) => void handled.push(message.keyText!) })
    await until(() => new Set(handled).size === messages, { what: "the rest" })
    expect(handled).toHaveLength(messages)
  }, 60_000)

  /** A partition queue with numbered messages. */
  const filledQueue = () => numberedMessages(broker.url, messages)

  /** The same, to be pulled from. */
  async function pulled() {
    const { connection, queue } = await filledQueue()
    /** By what they say, in the order in which they came; and those of them that are held. */
    const seen: number[] = []
    const held: number[] = []
    const share = { bytesMax: 1_000_000 }
    const partition = new PullPartition({
      ...{ queue, queueType: "quorum", prefetch: 100, log: quietLog },
      backoff: { firstMs: 10, maxMs: 100 },
      bytesMax: () => share.bytesMax,
      held: () => ({ messages: held.length, bytes: held.length * 100 }),
      arrived({ deliveryTag, body }) {
        seen.push(numberOf(body))
        held.push(deliveryTag)
      },
      lost: () => void held.splice(0),
    })
    /** One after the other, as consumers do: an ack for each. */
    const ackAll = async () => {
      while (held.length > 0) {
        partition.ack(held.shift()!)
        await Promise.resolve()
      }
    }
    return { connection, partition, share, seen, held, ackAll }
  }

  const all = Array.from({ length: messages }, (_, n) => n)

  test("a partition that nobody pulls from any more is given back with nothing that comes twice", async () => {
    const { connection, partition, seen, held, ackAll } = await pulled()
    partition.open(connection)
    await until(() => held.length === messages, { what: "all messages" })
    await disk("suspend")
    held.pop()
    await ackAll()
    const closing = partition.close()
    await disk("resume")
    await closing
    partition.open(connection)
    // It is the last, and would come behind those that were acked.
    await until(() => seen.length > messages, { what: "what was not acked" })
    expect(seen).toEqual([...all, messages - 1])
    await partition.close()
    await connection.shut(1_000)
  }, 60_000)

  test("what is over a partition's share of bytes comes again, and nothing that was acked", async () => {
    const { connection, partition, share, seen, held, ackAll } = await pulled()
    share.bytesMax = 4_000
    partition.open(connection)
    await until(() => held.length === 40, { what: "its share" })
    await disk("suspend")
    await ackAll()
    share.bytesMax = 1_000_000
    await disk("resume")
    await until(() => seen.includes(messages - 1), { what: "the rest" })
    expect(seen).toEqual(all)
    await partition.close()
    await connection.shut(1_000)
  }, 60_000)

  test("a client gets nothing that the one before it had", async () => {
    const { connection, queue } = await filledQueue()
    const offered: Letter[] = []
    /** The way to a client whose queue takes one after the other. */
    const lane = {
      queue: "the client's",
      offer: (letter: Letter) => ({ letter, place: offered.push(letter) }),
      abandon: (parcel: Parcel) => parcel.letter.settled(parcel, "unsent"),
    } as unknown as Lane
    const stats = topicStats(["g"])
    const forwarding = () =>
      new Forwarding({
        ...{ connection, queue, stats, group: "g", prefetch: 64, exclusive: false },
        ...{ settlesAcks: true, deadLetters: lane, pool: new BytePool(1_000_000, 1) },
        wayOf: () => ({ lane, partition: 0 }),
        ...{ returned: () => {}, idle: () => {}, held: () => {}, ended: () => {} },
      })
    const first = forwarding()
    await first.open()
    await until(() => offered.length === 64, { what: "all that it may have" })
    await disk("suspend")
    for (const letter of offered.slice(0, 50)) {
      letter.settled({ letter } as Parcel, "confirmed")
      // Longer than acks are gathered.
      await Bun.sleep(25)
    }
    const closing = first.close()
    await disk("resume")
    await closing
    offered.length = 0
    const second = forwarding()
    await second.open()
    await until(() => offered.length >= 30, { what: "the rest" })
    expect(offered.map(({ body }) => numberOf(body))).toEqual(all.slice(50))
    await second.close()
    await connection.shut(1_000)
  }, 60_000)

  test("a router that ends gives its source back with nothing that comes twice", async () => {
    const { connection, queue } = await filledQueue()
    const started = async () => {
      const way = heldWayOut(queue)
      const side = new SourceSide({
        endpoint: endpointOf({ url: broker.url, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
        ...{ log: quietLog, backoff, stats: routerStats({}), count: 1, hasWayOut: () => true },
      })
      const config = { queue, bind: [], topology: "declare", type: "quorum", prefetch: 64 } as const
      const { dispatch, deadLetters } = way
      side.add({ topic: queue, dispatch, deadLetters, backoff, config, log: quietLog })
      await side.start()
      // A queue gets a single message until it has shown that it confirms.
      await until(() => way.sent() === 1, { what: "the first message" })
      way.outbox.confirmed(1, false)
      return { side, way }
    }
    const first = await started()
    await until(() => first.way.sent() === 65, { what: "all that it may have" })
    await disk("suspend")
    first.side.stopTaking()
    for (let sent = 2; sent <= 50; sent++) {
      first.way.outbox.confirmed(sent, false)
      // Longer than acks are gathered.
      await Bun.sleep(25)
    }
    const stopping = first.side.stop(10_000)
    await disk("resume")
    await stopping
    const second = await started()
    await until(() => second.way.sent() >= 30, { what: "the rest" })
    second.way.outbox.confirmed(30, true)
    await until(() => second.side.inFlight === 0, { what: "it to settle" })
    expect(second.way.sent()).toBe(30)
    await second.side.stop(1_000)
    await connection.shut(1_000)
  }, 60_000)

  test("a router ends with nothing that was acked being given out again", async () => {
    const topic = unique("ends")
    const start = async () => {
      const router = await startedRouter({
        amqp: { url: broker.url },
        http: { host: "127.0.0.1", port: 0 },
        topics: { [topic]: { groups: { g: { partitions: 1, queue: { type: "quorum" } } } } },
      })
      const server = serveHttp(router, quietLog)
      return { router, server, client: new PullClient(server.url, topic, "g") }
    }
    const one = await start()
    for (const key of keysNamed(messages)) {
      const properties = encodeProperties({ deliveryMode: 2, headers: [["x-partymq-key", key]] })
      const message = { properties, body: Buffer.from(key), key: Buffer.from(key) as never }
      expect((await one.router.publish(topic, message)).kind).toBe("accepted")
    }
    const received = await one.client.receiveAll(messages)
    const last = received.pop()!
    await disk("suspend")
    for (const each of received) await one.client.settle("ack", [each])
    await one.server.stop()
    const stopping = one.router.stop()
    await disk("resume")
    await stopping
    const next = await start()
    expect((await next.client.receive()).map(({ body }) => body)).toEqual([last.body])
    await next.server.stop()
    await next.router.stop()
  }, 60_000)
})
