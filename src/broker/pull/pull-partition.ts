import { type Backoff, backoffDelayMs } from "../../core/backoff.ts"
import type { Log } from "../../log.ts"
import type { QueueType } from "../../wire/redelivery.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import type { Delivery } from "../content-reader.ts"
import { type QueueReader, readQueue } from "../queue-reader.ts"
import { bytesOf } from "./arrival.ts"
import { PullChannel } from "./pull-channel.ts"

export interface PullPartitionOptions {
  readonly queue: string
  readonly queueType: QueueType
  readonly prefetch: number
  readonly backoff: Backoff
  readonly log: Log
  /** Bytes that may be held of it; one message may be, whatever its size. */
  readonly bytesMax: () => number
  /** What is held of it. */
  readonly held: () => { readonly messages: number; readonly bytes: number }
  readonly arrived: (delivery: Delivery, connection: Connection) => void
  /** The channel is gone: what came on it and was not acked will come again. */
  readonly lost: () => void
}

/**
 * Reads one partition queue for those who pull, on a channel of its own. Another consumer may have the
 * queue: then nothing comes until that lets go. What goes wrong is tried again until it is closed.
 *
 * What is over its share of bytes is let go, and so is all that comes behind it; once what is held has
 * settled, the channel is closed and another is opened, on which that comes again, in order.
 */
export class PullPartition {
  readonly #options: PullPartitionOptions
  #connection: Connection | undefined
  #channel: PullChannel | undefined
  /** Another for each channel: what comes of an older one counts for nothing. */
  #turn = 0
  #isLettingGo = false
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor(options: PullPartitionOptions) {
    this.#options = options
  }

  open(connection: Connection): void {
    this.#connection = connection
    this.#read(connection)
  }

  /** Acks what came on the channel that is open. */
  ack(deliveryTag: number): void {
    this.#channel?.ack(deliveryTag)
    this.settled()
  }

  /** Makes sure of all acks up to here, before the connection is closed. */
  async settleAcks(): Promise<void> {
    await this.#channel?.settle()
  }

  /** Less is held of it than before. */
  settled(): void {
    const connection = this.#connection
    if (!this.#isLettingGo || connection === undefined || this.#options.held().messages > 0) return
    const channel = this.#leave()
    const turn = this.#turn
    const again = () => {
      if (turn === this.#turn) this.#read(connection)
    }
    channel?.close().then(again)
  }

  /** Gives the queue back; what was delivered and is not acked returns to its place in it. */
  async close(): Promise<void> {
    this.#connection = undefined
    const channel = this.#leave()
    this.#options.lost()
    await channel?.close()
  }

  /** The connection is gone. */
  drop(): void {
    this.#connection = undefined
    this.#leave()
    this.#options.lost()
  }

  #leave(): PullChannel | undefined {
    clearTimeout(this.#retry)
    this.#turn += 1
    this.#isLettingGo = false
    const channel = this.#channel
    this.#channel = undefined
    return channel
  }

  async #read(connection: Connection): Promise<void> {
    const { queue, prefetch, log } = this.#options
    this.#turn += 1
    const turn = this.#turn
    try {
      const reader = await readQueue(connection, queue, {
        prefetch,
        wasGone: this.#failures > 0,
        delivered: (delivery, reader) => {
          if (turn !== this.#turn) return
          // The first may come before it is known that the queue is read.
          this.#delivered(delivery, this.#begun(reader), connection)
        },
        ended: (reason) => this.#ended(turn, reason),
      })
      if (turn !== this.#turn) return await reader.close()
      this.#begun(reader)
      if (this.#failures > 0) log.info({ queue }, "a partition is pulled from again")
      this.#failures = 0
    } catch (error) {
      this.#ended(turn, BrokerError.from(error, "cannot be read").message)
    }
  }

  #begun(reader: QueueReader): PullChannel {
    this.#channel ??= new PullChannel(reader, this.#options)
    return this.#channel
  }

  #delivered(delivery: Delivery, channel: PullChannel, connection: Connection): void {
    channel.delivered(delivery.deliveryTag)
    if (this.#isLettingGo) return
    const { held, bytesMax, arrived } = this.#options
    const { messages, bytes } = held()
    this.#isLettingGo = messages > 0 && bytes + bytesOf(delivery) > bytesMax()
    if (!this.#isLettingGo) arrived(delivery, connection)
  }

  #ended(turn: number, reason: string): void {
    const connection = this.#connection
    if (turn !== this.#turn) return
    this.#leave()
    this.#options.lost()
    // A lost connection says so itself.
    if (connection === undefined || connection.closed) return
    const { queue, backoff, log } = this.#options
    if (this.#failures === 0) log.warn({ queue, reason }, "a partition cannot be pulled from")
    this.#failures += 1
    const delayMs = backoffDelayMs(backoff, this.#failures, Math.random())
    this.#retry = setTimeout(() => this.#read(connection), delayMs)
  }
}
