import type { ChannelEnd } from "./channel-end.ts"
import type { Parcel } from "./parcel.ts"

/**
 * Finds the message over which the broker closes the channel, so that it does not take the others
 * along for ever. The broker does not say which it was, so what was unconfirmed then is suspect.
 *
 * As long as there are suspects, publishes go out one at a time; one that gets any answer is cleared.
 * A channel that is closed with a single publish on it is a strike against that one, and after
 * `strikesMax` it is guilty. One strike is not enough: a broker in trouble may close a channel over a
 * message that it takes the next time.
 */
export class Suspects {
  readonly #strikesMax: number
  readonly #suspects = new Set<Parcel>()

  constructor(strikesMax: number) {
    this.#strikesMax = strikesMax
  }

  get any(): boolean {
    return this.#suspects.size > 0
  }

  /** The channel has ended, with these unconfirmed on it. */
  channelEnded(end: ChannelEnd, unconfirmed: readonly Parcel[]): void {
    if (end.kind !== "offended") return
    const [first, second] = unconfirmed
    if (first !== undefined && second === undefined) first.strikes += 1
    for (const parcel of unconfirmed) this.#suspects.add(parcel)
  }

  isGuilty(parcel: Parcel): boolean {
    return parcel.strikes >= this.#strikesMax
  }

  /** The broker has answered it, or nobody wants it sent any more. */
  clear(parcel: Parcel): void {
    this.#suspects.delete(parcel)
  }
}
