import { bounds } from "../core/bounds.ts"
import { UnsettledAcks } from "../core/consume/unsettled-acks.ts"
import { ackFrame } from "../wire/frames.ts"
import type { Connection } from "./connection.ts"

/**
 * Acks the deliveries of one channel. Those that settle within a few milliseconds get one ack with
 * `multiple`, because each ack costs the broker about as much as a message's way through a queue; at
 * most a quarter of the prefetch is gathered, so that the broker always has some to go on with.
 */
export class AckWriter {
  channel = 0
  /** Acks that were sent. */
  count = 0
  readonly #connection: Connection
  readonly #gatheredMax: number
  readonly #unsettled: UnsettledAcks
  /** Everything up to it has settled. */
  #top = 0
  /** Everything up to it has been acked. */
  #sent = 0
  /** Messages that have been acked, in all. */
  #acked = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(connection: Connection, prefetch: number) {
    this.#connection = connection
    this.#gatheredMax = Math.max(1, Math.floor(prefetch / 4))
    this.#unsettled = new UnsettledAcks(prefetch)
  }

  /** Whether the queue may not have some of what was sent when the channel closes, see `IntakeChannel.settleAcks`. */
  get areInDoubt(): boolean {
    return this.#unsettled.areInDoubt
  }

  /** To be told of each delivery: it shows which acks the queue has taken. */
  delivered(tag: number): void {
    this.#unsettled.delivered(tag)
  }

  /** The channel is gone: an ack on it would cost the whole connection. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  ack(tag: number, multiple: boolean): void {
    if (multiple) {
      this.#ackUpTo(tag)
      return
    }
    // Those before it first: what comes again after a loss must not lack one in its middle.
    this.flush()
    if (!this.#isClosed) this.#send(tag, false, 1)
  }

  /** Acks what has been gathered. */
  readonly flush = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isClosed || this.#sent === this.#top) return
    const count = this.#top - this.#sent
    this.#sent = this.#top
    this.#send(this.#top, true, count)
  }

  #send(tag: number, multiple: boolean, messages: number): void {
    this.count += 1
    this.#acked += messages
    this.#unsettled.sent(1, this.#acked)
    this.#connection.write(ackFrame(this.channel, tag, multiple))
  }

  #ackUpTo(tag: number): void {
    this.#top = tag
    if (tag - this.#sent >= this.#gatheredMax) this.flush()
    else if (!this.#isClosed) this.#timer ??= setTimeout(this.flush, bounds.ackGatherMs)
  }
}
