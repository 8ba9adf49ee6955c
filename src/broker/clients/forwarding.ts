import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../../core/bounds.ts"
import type { BytePool, ByteShare } from "../../core/byte-pool.ts"
import { Intake } from "../../core/intake.ts"
import type { Lane } from "../../core/lane.ts"
import { AckWriter } from "../ack-writer.ts"
import type { Connection } from "../connection.ts"
import { forwarded } from "../forwarded.ts"
import { settleAcksOfActive } from "../settle-acks-of-active.ts"
import { ClientWay, type ClientWayOptions } from "./client-way.ts"

export interface ForwardingOptions extends ClientWayOptions {
  readonly connection: Connection
  readonly queue: string
  readonly prefetch: number
  /** Whether to keep others away; where the queue knows exclusive consumers. */
  readonly exclusive: boolean
  /** Whether it is a quorum queue of a single active consumer: acks are made sure of at the end. */
  readonly settlesAcks: boolean
  readonly deadLetters: Lane
  readonly pool: BytePool
  /** All that has come is settled. */
  readonly idle: () => void
  /** The broker ended it. */
  readonly ended: (reason: string) => void
  readonly held: () => void
}

/** One queue that is read and published on, verbatim and in order; acked as far as all is confirmed. */
export class Forwarding {
  readonly #options: ForwardingOptions
  readonly #intake: Intake
  readonly #way: ClientWay
  readonly #acks: AckWriter
  readonly #share: ByteShare
  #channel: AMQPChannel | undefined
  #isTaking = true
  /** Its queue is: to ask anything of that could cost the connection. */
  #isGone = false
  /** Messages that can be published nowhere: they stay in the queue. */
  heldCount = 0
  /** Something came while there was no room: it comes again on the next channel. */
  hasMissed = false
  #closed: Promise<void> | undefined

  constructor(options: ForwardingOptions) {
    this.#options = options
    const { connection, queue, prefetch, pool, deadLetters } = options
    this.#share = pool.share()
    this.#way = new ClientWay(options)
    this.#acks = new AckWriter(connection, prefetch)
    this.#intake = new Intake({
      dispatch: this.#way,
      deadLetters,
      source: queue,
      frameMax: connection.frameMax,
      now: () => new Date(),
      budget: this.#share,
      ack: (tag, multiple) => this.#acks.ack(tag, multiple),
      held: () => {
        this.heldCount += 1
        options.held()
      },
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
  get inFlight(): number {
    return this.#intake.size
  }

  /** @throws {BrokerError} when the queue cannot be consumed */
  async open(): Promise<void> {
    const { connection, queue, prefetch, exclusive, ended } = this.#options
    const channel = await connection.rawChannel(
      {
        delivered: (delivery) => {
          if (!this.#isTaking) return
          if (!this.#share.hasRoom()) this.hasMissed = true
          if (this.hasMissed) return
          const properties = forwarded(delivery, connection)
          this.#intake.accept({ ...own(delivery), properties })
        },
        cancelled: () => {
          this.#isGone = true
          if (this.#isTaking) ended(`queue "${queue}" is gone`)
        },
      },
      (reason) => this.#isTaking && ended(reason),
    )
    this.#acks.channel = channel.id
    this.#channel = channel
    await channel.prefetch(prefetch)
    await channel.basicConsume(queue, { noAck: false, exclusive }, () => {})
  }

  /** Resolves once all has come that was on its way: the answer is behind it on the same channel. */
  async arrived(): Promise<void> {
    // The same again, which changes nothing.
    await this.#channel?.prefetch(this.#options.prefetch)
  }

  /**
   * Takes nothing more, waits until what has come is settled, and closes the channel: what is not acked
   * goes back to its place.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#isTaking = false
    const { connection } = this.#options
    // A queue that is full would never let go of what waits for it.
    this.#way.abandon()
    // What is on its way may arrive however late: until then nobody else may have what follows it.
    const isOpen = () => this.#intake.size > this.#way.returnedCount
    while (isOpen() && !connection.closed) await Bun.sleep(2)
    await this.#settleAcks()
    await this.drop()
  }

  /** What the channel still holds back when it closes would come to the next client, too. */
  async #settleAcks(): Promise<void> {
    const { queue, prefetch, settlesAcks } = this.#options
    const channel = this.#channel
    if (!settlesAcks || this.#isGone || channel === undefined || channel.closed) return
    this.#acks.flush()
    if (this.#acks.count <= bounds.unsettledAcksMax) return
    // Without an answer some messages come again, which is no reason not to go on.
    await settleAcksOfActive(channel, queue, prefetch).catch(() => {})
  }

  /** Closes at once; what is under way may come again. */
  async drop(): Promise<void> {
    this.#isTaking = false
    const { connection } = this.#options
    if (!connection.closed) this.#acks.flush()
    this.#acks.close()
    this.#intake.close()
    this.#way.close()
    if (this.#channel !== undefined && !connection.closed) await connection.closeRaw(this.#channel)
  }
}

const own = ({ deliveryTag, body }: { deliveryTag: number; body: Uint8Array }) => ({
  deliveryTag,
  body,
})
