import type { Parcel } from "./parcel.ts"

/**
 * Counts the pairs of messages of one key of which the broker refused the earlier and took the later
 * while both were on their way: order is lost then, and it is said. Looks at one round of a lane,
 * from one moment with nothing in flight to the next; each pair counts once.
 */
export class OrderWatch {
  /** Confirmed while something before them was not: they have overtaken it if it is refused. */
  #ahead: Parcel[] = []
  #refused: Parcel[] = []

  /** Nothing is in flight any more. */
  reset(): void {
    this.#ahead = []
    this.#refused = []
  }

  /** @param oldest of those still in flight; what comes before it can no longer be refused */
  confirmed(parcel: Parcel, oldest: Parcel | undefined): number {
    const isAhead = (each: Parcel) => oldest !== undefined && oldest.seq < each.seq
    if (isAhead(parcel)) this.#ahead.push(parcel)
    else if (this.#ahead.length > 0) this.#ahead = this.#ahead.filter(isAhead)
    if (this.#refused.length === 0) return 0
    return this.#refused.filter((refused) => isOvertaking(parcel, refused)).length
  }

  refused(parcel: Parcel): number {
    this.#refused.push(parcel)
    return this.#ahead.filter((ahead) => isOvertaking(ahead, parcel)).length
  }
}

const isOvertaking = (later: Parcel, earlier: Parcel): boolean =>
  earlier.letter.orderKey !== undefined &&
  earlier.letter.orderKey === later.letter.orderKey &&
  earlier.seq < later.seq
