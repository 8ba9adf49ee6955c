import type { Connection } from "../../src/broker/connection.ts"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { type QueueReader, readQueue } from "../../src/broker/queue-reader.ts"
import type { OrderOracle } from "./order-oracle.ts"
import { connect } from "./raw-client.ts"

interface Event {
  readonly file: { readonly key: string }
  readonly revision: number
}

const decoder = new TextDecoder()

/**
 * Consumers of one group, each on a connection of its own and each on every partition queue: active
 * on its share, standby on the rest. Each handles the messages of a queue one after the other, and
 * takes a turn of the event loop for each.
 */
export class GroupConsumers {
  readonly #connections: Connection[] = []
  readonly #readers: QueueReader[] = []
  /** What each consumer is at work on, to its end. */
  readonly #work: (() => Promise<void>)[] = []

  static async start(
    url: string,
    queues: readonly string[],
    count: number,
    oracle: OrderOracle,
  ): Promise<GroupConsumers> {
    const consumers = new GroupConsumers()
    const connections = await Promise.all(Array.from({ length: count }, () => connect(url)))
    consumers.#connections.push(...connections)
    for (let round = 0; round < count; round++) {
      for (const [partition, queue] of queues.entries()) {
        const which = (partition + round) % count
        const worker = `consumer ${which}`
        const reader = await consumers.#consume(
          connections[which]!,
          queue,
          partition,
          worker,
          oracle,
        )
        consumers.#readers.push(reader)
      }
    }
    return consumers
  }

  /** Finishes what was delivered, then gives everything back. */
  async stop(): Promise<void> {
    await Promise.all(this.#work.map((work) => work()))
    await Promise.all(this.#readers.map((reader) => reader.close().catch(() => {})))
    await Promise.all(this.#connections.map((connection) => connection.shut(5_000)))
  }

  #consume(
    connection: Connection,
    queue: string,
    partition: number,
    worker: string,
    oracle: OrderOracle,
  ): Promise<QueueReader> {
    let last = Promise.resolve()
    this.#work.push(() => last)
    const handle = async (delivery: Delivery, reader: QueueReader) => {
      const event = JSON.parse(decoder.decode(delivery.body)) as Event
      const seen = { key: event.file.key, revision: event.revision }
      oracle.started(worker, partition, seen)
      await new Promise((resolve) => setImmediate(resolve))
      oracle.finished(worker, seen)
      reader.ack(delivery)
    }
    return readQueue(connection, queue, {
      prefetch: 50,
      delivered(delivery, reader) {
        last = last.then(() => handle(delivery, reader))
      },
      ended: () => {},
    })
  }
}
