import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { Intake, type IntakeOptions } from "../core/intake.ts"
import { AckWriter } from "./ack-writer.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { forwarded } from "./forwarded.ts"
import { settleAcksOfActive, settleAcksOfLeaving } from "./settle-acks.ts"

export interface IntakeChannelOptions
  extends Omit<IntakeOptions, "source" | "frameMax" | "nowMs" | "ack"> {
  readonly connection: Connection
  readonly queue: string
  readonly prefetch: number
  /** Whether the next delivery is taken in; one that is not comes again when the channel has closed. */
  readonly takes: () => boolean
  /** The broker ended it. Not called before it is open, nor once it is closed from here. */
  readonly ended: (reason: string) => void
}

/**
 * The consumer of one queue, on a channel of its own, whose deliveries are taken in, and acked as far as
 * all is settled.
 */
export class IntakeChannel {
  readonly #options: IntakeChannelOptions
  readonly #intake: Intake
  readonly #acks: AckWriter
  #channel: AMQPChannel | undefined
  #consumerTag = ""
  #isOpen = false
  /** Its queue is: to ask anything of that could cost the connection. */
  #isGone = false
  /** Why the broker ended it. */
  #end: string | undefined
  #isClosed = false

  constructor(options: IntakeChannelOptions) {
    this.#options = options
    const { connection, queue, prefetch } = options
    this.#acks = new AckWriter(connection, prefetch)
    this.#intake = new Intake({
      ...options,
      source: queue,
      frameMax: connection.frameMax,
      nowMs: () => Date.now(),
      ack: (tag, multiple) => this.#acks.ack(tag, multiple),
      idle: () => {
        this.#acks.flush()
        options.idle()
      },
    })
  }

  /** Acks that were sent. */
  get ackCount(): number {
    return this.#acks.count
  }

  /** Deliveries that have not settled. */
  get size(): number {
    return this.#intake.size
  }

  /**
   * @param exclusive whether to keep others away; where the queue knows exclusive consumers
   * @throws {Error} when the queue cannot be consumed, or it was closed or ended meanwhile
   */
  async open(exclusive: boolean): Promise<void> {
    const { connection, queue, prefetch, takes } = this.#options
    const channel = await connection.rawChannel(
      {
        delivered: (delivery) => {
          const { deliveryTag } = delivery
          this.#acks.delivered(deliveryTag)
          if (this.#isClosed || !takes()) return
          this.#intake.accept(deliveryTag, forwarded(delivery, connection), delivery.body)
        },
        cancelled: () => {
          this.#isGone = true
          this.#ended(`queue "${queue}" is gone`)
        },
      },
      (reason) => {
        // Its number may be another's next, whose messages an ack would take.
        this.#acks.close()
        this.#ended(reason)
      },
    )
    this.#acks.channel = channel.id
    this.#channel = channel
    try {
      if (!this.#isClosed) await channel.prefetch(prefetch)
      if (!this.#isClosed) {
        const consume = { noAck: false, exclusive }
        this.#consumerTag = (await channel.basicConsume(queue, consume, () => {})).tag
      }
    } finally {
      // Nobody else would, and it must not become a consumer that nobody listens to.
      if (this.#isClosed) connection.closeRaw(channel)
    }
    if (this.#isClosed) throw new BrokerError("closed before it was open")
    // Told with the answer, the end is here first.
    if (this.#end !== undefined) throw new BrokerError(this.#end)
    this.#isOpen = true
  }

  /** Resolves once all has come that was on its way: the answer is behind it on the same channel. */
  async arrived(): Promise<void> {
    // The same again, which changes nothing.
    await this.#channel?.prefetch(this.#options.prefetch)
  }

  /**
   * Acks what has settled, and makes sure that the queue has all acks, so that what they stand for does not
   * come again when the channel closes, which has to be next; nothing may be taken any more. Without an
   * answer from the broker some of it may.
   * @param isSingleActive whether the broker gives the queue to one consumer at a time
   */
  async settleAcks(isSingleActive: boolean): Promise<void> {
    const { queue, prefetch } = this.#options
    const channel = this.#channel
    if (channel === undefined || channel.closed) return
    this.#acks.flush()
    if (this.#isGone || !this.#acks.areInDoubt) return
    const consuming = { channel, queue, prefetch }
    const settled = isSingleActive
      ? settleAcksOfActive(consuming)
      : settleAcksOfLeaving(consuming, this.#consumerTag)
    await settled.catch(() => {})
    // What has settled meanwhile.
    this.#acks.flush()
  }

  /** Closes at once: what is not acked goes back to its place, and what is under way may come again. */
  async close(): Promise<void> {
    this.#isClosed = true
    const channel = this.#channel
    const isOpen = channel !== undefined && !channel.closed && !this.#options.connection.closed
    if (isOpen) this.#acks.flush()
    this.#acks.close()
    this.#intake.close()
    if (isOpen) await this.#options.connection.closeRaw(channel)
  }

  #ended(reason: string): void {
    this.#end ??= reason
    if (this.#isOpen && !this.#isClosed) this.#options.ended(reason)
  }
}
