import type { ChannelEnd } from "./channel-end.ts"
import type { Lane } from "./lane.ts"
import type { Parcel } from "./parcel.ts"

/**
 * Finds the message over which the broker closes the channel, so that it does not take the others
 * along for ever. The broker does not say which it was, so what it may not have come to by then (see
 * `Unconfirmed`) is suspect, and a search begins on the next channel: only lanes that have suspects
 * publish, and half as many at once as were suspect. What gets any answer is cleared, with all that was
 * sent before it; if the channel is closed again, the guilty one is among half as many. The search is
 * over when nothing suspect is left that can be sent: what waits for its queue must not hold up the
 * others.
 *
 * A channel that is closed with a single suspect on it is a strike against that one, and after
 * `strikesMax` it is guilty. One strike is not enough: a broker in trouble may close a channel over a
 * message that it takes the next time.
 */
export class Suspects {
  readonly #strikesMax: number
  readonly #suspects = new Map<Lane, Set<Parcel>>()
  #pendingMax = Number.POSITIVE_INFINITY
  /** Strikes against whatever message so far. */
  strikes = 0

  constructor(strikesMax: number) {
    this.#strikesMax = strikesMax
  }

  /** Whether a search is on. */
  get isSearching(): boolean {
    return this.#pendingMax !== Number.POSITIVE_INFINITY
  }

  /** In a search, whether a lane may publish, with so many that the broker may not have come to. */
  lets(lane: Lane, pending: number): boolean {
    return pending < this.#pendingMax && (this.#suspects.has(lane) || this.#isCleared)
  }

  /** The channel has ended, perhaps over one of these; if not, a search is over. */
  channelEnded(end: ChannelEnd, accused: readonly Parcel[]): void {
    if (end.kind !== "offended" || accused.length === 0) {
      this.conclude(0)
      return
    }
    const [first, second] = accused
    if (first !== undefined && second === undefined) {
      first.strikes += 1
      this.strikes += 1
    }
    for (const parcel of accused) {
      const ofLane = this.#suspects.get(parcel.lane) ?? new Set()
      this.#suspects.set(parcel.lane, ofLane.add(parcel))
    }
    this.#pendingMax = Math.max(1, Math.floor(accused.length / 2))
  }

  isGuilty(parcel: Parcel): boolean {
    return parcel.strikes >= this.#strikesMax
  }

  /** The broker has answered it, or nobody wants it sent any more. */
  clear(parcel: Parcel): void {
    if (this.#isCleared) return
    const ofLane = this.#suspects.get(parcel.lane)
    if (ofLane?.delete(parcel) && ofLane.size === 0) this.#suspects.delete(parcel.lane)
  }

  /**
   * Ends the search if there is nothing to find any more, or nothing that can be sent: to be asked when
   * every lane has had its chance. Returns whether it was on.
   */
  conclude(pending: number): boolean {
    const wasSearching = this.isSearching
    if (!this.#isCleared && pending > 0) return wasSearching
    this.#suspects.clear()
    this.#pendingMax = Number.POSITIVE_INFINITY
    return wasSearching
  }

  get #isCleared(): boolean {
    return this.#suspects.size === 0
  }
}
