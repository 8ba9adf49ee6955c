import { ackFrame } from "../wire/frames.ts"
import type { Connection } from "./connection.ts"

/** Sends one ack with `multiple` for all that settled in a tick; single ones as they come. */
export class AckWriter {
  channel = 0
  readonly #connection: Connection
  #top = 0
  #isScheduled = false
  #isClosed = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The channel is gone: an ack on it would cost the whole connection. */
  close(): void {
    this.#isClosed = true
  }

  ack(tag: number, multiple: boolean): void {
    if (multiple) this.#ackUpTo(tag)
    else if (!this.#isClosed) this.#connection.write(ackFrame(this.channel, tag, false))
  }

  #ackUpTo(tag: number): void {
    this.#top = tag
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      if (this.#isClosed) return
      this.#connection.write(ackFrame(this.channel, this.#top, true))
    })
  }
}
