import type { Lane } from "./lane.ts"
import type { Parcel } from "./parcel.ts"

interface Oldest {
  readonly parcel: Parcel
  /** When it was first seen to be the oldest in flight. */
  readonly sinceMs: number
}

/**
 * Finds lanes in which nothing moves: whose oldest publish has not been answered for some time. To be
 * asked every now and then; ages are exact to the time between two questions.
 */
export class StallWatch {
  #oldest = new Map<Lane, Oldest>()
  #hasAnswered = true
  #answeredMs = 0

  /** Every age starts anew: the channel is new, or the broker owes no answers at the moment. */
  reset(): void {
    this.#oldest.clear()
    this.#hasAnswered = true
  }

  /** The broker has answered something. */
  answered(): void {
    this.#hasAnswered = true
  }

  /**
   * For how long it has answered nothing at all, in milliseconds, and for how long it has not answered the
   * oldest publish of each lane.
   *
   * @param silentMsMax after more silence every age starts anew
   */
  look(nowMs: number, lanes: Iterable<Lane>, silentMsMax: number) {
    if (nowMs - this.#answeredMs > silentMsMax && !this.#hasAnswered) this.reset()
    if (this.#hasAnswered) this.#answeredMs = nowMs
    this.#hasAnswered = false
    return { ages: this.#ages(nowMs, lanes), silentMs: nowMs - this.#answeredMs }
  }

  #ages(nowMs: number, lanes: Iterable<Lane>): ReadonlyMap<Lane, number> {
    const oldest = new Map<Lane, Oldest>()
    const ages = new Map<Lane, number>()
    for (const lane of lanes) {
      const parcel = lane.oldestInFlight
      if (parcel === undefined) continue
      const known = this.#oldest.get(lane)
      const same = known?.parcel === parcel ? known : { parcel, sinceMs: nowMs }
      oldest.set(lane, same)
      ages.set(lane, nowMs - same.sinceMs)
    }
    this.#oldest = oldest
    return ages
  }
}
