import type { Connection } from "../../src/broker/connection.ts"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { type QueueReader, readQueue } from "../../src/broker/queue-reader.ts"
import { connect } from "../support/raw-client.ts"
import type { Random } from "../support/seed.ts"
import { RecentCount } from "./recent-count.ts"

/** Looks at every delivery; what it returns is called when the consumer is done with it. */
export interface DeliveryWatch {
  started(worker: string, partition: number, delivery: Delivery): () => void
}

export interface QueueConsumerOptions {
  readonly name: string
  readonly url: string
  /** By partition. */
  readonly queues: readonly string[]
  readonly watch: DeliveryWatch
  readonly random: Random
}

const prefetch = 50
const reconnectMs = 200
/** An ack this old is certainly noted by the broker, also by one that is killed. */
const ackLostMs = 5_000
/** Most messages cost a turn of the event loop, some this long. */
const slowWorkMs = 20
const slowWorkShare = 0.02

/** One life of a consumer, from connect to loss. */
interface Session {
  readonly connection: Connection
  readonly lost: Promise<void>
  isLost: boolean
  unacked: number
  readonly worker: string
  readonly consuming: Set<string>
  /** Ends of the work under way, to be called at once when the connection is lost. */
  readonly underWay: Set<() => void>
}

/**
 * A consumer of all queues of a group, active on some and standby on the others; comes back after
 * every loss. Handles the messages of a queue one after the other. It stops all work at once when
 * its connection is lost: somebody else has its queues from then on.
 */
export class QueueConsumer {
  readonly #options: QueueConsumerOptions
  readonly #running: Promise<void>
  /** Delivered and not certainly acked at the losses so far: may have come again. */
  unsettled = 0
  readonly #acked = new RecentCount(ackLostMs)
  #session: Session | undefined
  #isStopped = false
  #lives = 0
  #gate = Promise.resolve()
  #open: () => void = () => {}

  constructor(options: QueueConsumerOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  get isConsumingAll(): boolean {
    return this.#session?.consuming.size === this.#options.queues.length
  }

  /** Starts no new work; keeps its queues. */
  pause(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  resume(): void {
    this.#open()
  }

  /** Loses its connection, as if it had crashed, and comes back. */
  crash(): void {
    this.#session?.connection.destroy("crashed")
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.resume()
    this.crash()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#live().catch(() => {}) // the broker is away; the next try is soon enough
      if (!this.#isStopped) await Bun.sleep(reconnectMs)
    }
  }

  async #live(): Promise<void> {
    const { name, url, queues } = this.#options
    const connection = await connect(url)
    this.#lives += 1
    const worker = `${name} in its life ${this.#lives}`
    const { promise: lost, resolve } = Promise.withResolvers<void>()
    const empty = { consuming: new Set<string>(), underWay: new Set<() => void>() }
    const session: Session = { connection, worker, lost, isLost: false, unacked: 0, ...empty }
    connection.onLost = () => {
      session.isLost = true
      this.unsettled += session.unacked + this.#acked.count
      for (const end of session.underWay) end()
      resolve()
    }
    this.#session = session
    if (this.#isStopped) connection.destroy()
    const consuming = queues.map((queue, partition) => this.#consume(session, queue, partition))
    await lost
    await Promise.all(consuming)
  }

  /** Until the connection is lost: a queue that is not there now will be made again. */
  async #consume(session: Session, queue: string, partition: number): Promise<void> {
    while (!session.isLost) {
      try {
        const ended = Promise.withResolvers<void>()
        await this.#read(session, queue, partition, ended.resolve)
        session.consuming.add(queue)
        await Promise.race([ended.promise, session.lost])
      } catch {
        // Not there, or without a leader yet.
      }
      session.consuming.delete(queue)
      if (!session.isLost) await Bun.sleep(reconnectMs)
    }
  }

  #read(
    session: Session,
    queue: string,
    partition: number,
    ended: () => void,
  ): Promise<QueueReader> {
    let last = Promise.resolve()
    let isEnded = false
    return readQueue(session.connection, queue, {
      prefetch,
      delivered: (delivery, reader) => {
        session.unacked += 1
        last = last.then(() => {
          if (!isEnded) return this.#handle(session, partition, delivery, reader)
        })
      },
      ended() {
        isEnded = true
        ended()
      },
    })
  }

  async #handle(
    session: Session,
    partition: number,
    delivery: Delivery,
    reader: QueueReader,
  ): Promise<void> {
    await this.#gate
    if (session.isLost) return
    const { watch, random } = this.#options
    const end = watch.started(session.worker, partition, delivery)
    session.underWay.add(end)
    if (random.next() < slowWorkShare) await Bun.sleep(slowWorkMs)
    else await new Promise((resolve) => setImmediate(resolve))
    session.underWay.delete(end)
    end()
    if (session.isLost) return
    reader.ackUpTo(delivery)
    session.unacked -= 1
    this.#acked.add()
  }
}
