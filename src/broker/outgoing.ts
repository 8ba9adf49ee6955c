import { bounds } from "../core/bounds.ts"
import { Fifo } from "../core/fifo.ts"
import type { ContentFrames } from "../wire/frames.ts"

/**
 * What is to be sent on one connection, in order. The socket gets one batch, and the next only when
 * that has left, because whatever a socket cannot send at once it copies. What waits here waits as
 * it is: its bytes are those of messages that are accounted for already, as unconfirmed ones, by the
 * budgets of the sources and of HTTP, so this needs no bound of its own.
 */
export class Outgoing {
  readonly #send: (batch: Uint8Array, sent: () => void) => void
  readonly #waiting = new Fifo<Uint8Array | ContentFrames>()
  /** Used again for every batch; has room for the largest header that can have been received. */
  readonly #batch = new Uint8Array(bounds.writeBatchBytes + bounds.receivedFrameBytesMax)
  #current: Uint8Array | ContentFrames | undefined
  #isSending = false
  /** Since `hasTakenSome` was last called: always something to send, and batches that left. */
  #neverEmpty = false
  #batches = 0

  /** @param send - calls `sent`, once and later, when it has no more use for the batch */
  constructor(send: (batch: Uint8Array, sent: () => void) => void) {
    this.#send = send
  }

  /** Whether anything has not left yet. */
  get isSending(): boolean {
    return this.#isSending
  }

  /** Whether ever since the last call there was something to send, and some of it has left. */
  hasTakenSome(): boolean {
    const hasTaken = this.#neverEmpty && this.#batches > 0
    this.#neverEmpty = this.#isSending
    this.#batches = 0
    return hasTaken
  }

  /**
   * Goes out with all else that this turn of the event loop yields, so that what several reads give
   * costs one write; or with the batch after the one on its way.
   */
  push(frames: Uint8Array | ContentFrames): void {
    this.#waiting.push(frames)
    if (this.#isSending) return
    this.#isSending = true
    setImmediate(this.#sendNext)
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.replace([])
    this.#current = undefined
  }

  readonly #sendNext = (): void => {
    const end = this.#fillBatch()
    this.#isSending = end > 0
    this.#neverEmpty &&= this.#isSending
    if (end > 0) this.#send(this.#batch.subarray(0, end), this.#hasLeft)
  }

  readonly #hasLeft = (): void => {
    this.#batches += 1
    this.#sendNext()
  }

  #fillBatch(): number {
    let end = 0
    while (end < bounds.writeBatchBytes) {
      this.#current ??= this.#waiting.shift()
      if (this.#current === undefined) break
      end =
        this.#current instanceof Uint8Array
          ? this.#copy(this.#current, end)
          : this.#cut(this.#current, end)
    }
    return end
  }

  #copy(bytes: Uint8Array, at: number): number {
    const fitting = bytes.subarray(0, this.#batch.length - at)
    this.#batch.set(fitting, at)
    this.#current = fitting.length < bytes.length ? bytes.subarray(fitting.length) : undefined
    return at + fitting.length
  }

  #cut(frames: ContentFrames, at: number): number {
    const end = frames.writeNext(this.#batch, at)
    if (frames.isWritten) this.#current = undefined
    return end
  }
}
