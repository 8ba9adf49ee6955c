import type { Parcel } from "./parcel.ts"
import { TagWindow } from "./tag-window.ts"

/**
 * The unanswered publishes of one channel, and which of them it may yet be closed over. A broker handles
 * a channel's publishes in their order, and closes the channel as soon as it comes to one that it does
 * not take, whatever the queues do. So it is none of those that were sent before one that it answered.
 */
export class Unconfirmed {
  readonly #window = new TagWindow<Parcel>()
  #answeredTag = 0
  /** Up to here it would have closed the channel by now. */
  #assumedTag = 0

  get size(): number {
    return this.#window.size
  }

  push(parcel: Parcel): void {
    this.#window.push(parcel)
  }

  /** See `TagWindow.settle`. */
  settle(tag: number, multiple: boolean, visit: (parcel: Parcel) => void): void {
    this.#answeredTag = Math.max(this.#answeredTag, tag)
    this.#window.settle(tag, multiple, visit)
  }

  /** So much time has passed that the broker has come to all of these, as far as can be told. */
  assumeTakenIn(): void {
    this.#assumedTag = this.#window.newestTag
  }

  /** Oldest first; a copy, as all of these. */
  toArray(): Parcel[] {
    return this.#window.toArray()
  }

  /** Those over one of which the channel was closed, if it was closed over one. */
  get accused(): Parcel[] {
    return this.#window.after(this.#answeredTag)
  }

  /** How many the broker may not have come to: none of these is answered. Asked for every publish. */
  get pending(): number {
    return this.#window.newestTag - this.#takenInTag
  }

  /** Those that it has come to, as far as can be told. */
  get takenIn(): Parcel[] {
    return this.#window.upTo(this.#takenInTag)
  }

  get #takenInTag(): number {
    return Math.max(this.#answeredTag, this.#assumedTag)
  }
}
