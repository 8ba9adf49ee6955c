import { bounds } from "../core/bounds.ts"
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
  /** Everything up to it has settled. */
  #top = 0
  /** Everything up to it has been acked. */
  #sent = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(connection: Connection, prefetch: number) {
    this.#connection = connection
    this.#gatheredMax = Math.max(1, Math.floor(prefetch / 4))
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
    if (!this.#isClosed) this.#send(tag, false)
  }

  /** Acks what has been gathered. */
  readonly flush = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isClosed || this.#sent === this.#top) return
    this.#sent = this.#top
    this.#send(this.#top, true)
  }

  #send(tag: number, multiple: boolean): void {
    this.count += 1
    this.#connection.write(ackFrame(this.channel, tag, multiple))
  }

  #ackUpTo(tag: number): void {
    this.#top = tag
    if (tag - this.#sent >= this.#gatheredMax) this.flush()
    else if (!this.#isClosed) this.#timer ??= setTimeout(this.flush, bounds.ackGatherMs)
  }
}
