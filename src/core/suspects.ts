import type { ChannelEnd } from "./channel-end.ts"
import type { Parcel } from "./parcel.ts"

/**
 * Finds the message over which the broker closes the channel, so that it does not take the others
 * along for ever. The broker does not say which it was, so what was unconfirmed then is suspect, and
 * as long as there are suspects only half as many publishes may be unconfirmed at once as when the
 * channel was closed. What gets any answer is cleared; if the channel is closed again, the guilty one
 * is among half as many.
 *
 * A channel that is closed with a single publish on it is a strike against that one, and after
 * `strikesMax` it is guilty. One strike is not enough: a broker in trouble may close a channel over a
 * message that it takes the next time.
 */
export class Suspects {
  readonly #strikesMax: number
  readonly #suspects = new Set<Parcel>()
  #unconfirmedMax = Number.POSITIVE_INFINITY

  constructor(strikesMax: number) {
    this.#strikesMax = strikesMax
  }

  /** How many publishes may be unconfirmed at once. */
  get unconfirmedMax(): number {
    return this.#unconfirmedMax
  }

  /** The channel has ended, with these unconfirmed on it. */
  channelEnded(end: ChannelEnd, unconfirmed: readonly Parcel[]): void {
    if (end.kind !== "offended" || unconfirmed.length === 0) return
    const [first, second] = unconfirmed
    if (first !== undefined && second === undefined) first.strikes += 1
    for (const parcel of unconfirmed) this.#suspects.add(parcel)
    this.#unconfirmedMax = Math.max(1, Math.floor(unconfirmed.length / 2))
  }

  isGuilty(parcel: Parcel): boolean {
    return parcel.strikes >= this.#strikesMax
  }

  /** The broker has answered it, or nobody wants it sent any more. */
  clear(parcel: Parcel): void {
    this.#suspects.delete(parcel)
  }

  /** Lifts the limit if nothing is suspect any more. Returns whether there was one. */
  relax(): boolean {
    const wasLimited = this.#unconfirmedMax !== Number.POSITIVE_INFINITY
    if (this.#suspects.size === 0) this.#unconfirmedMax = Number.POSITIVE_INFINITY
    return wasLimited
  }
}
