import type { Lane } from "./lane.ts"

export interface GatherBounds {
  /** With so many publishes unconfirmed the broker counts as busy. */
  readonly unconfirmedBusyMin: number
  /** So many of one lane go out at once. */
  readonly gatherMessagesMax: number
  /** Rounds after which they go out although some before them are unconfirmed. */
  readonly gatherRoundsMax: number
}

/**
 * Which lanes let their messages wait for company. A queue of a busy broker takes several at once for
 * little more than one: it is woken once, and writes to its disk once. So while the broker is busy, what a
 * lane gets goes out together: as soon as it is many, or with the end of a round (a millisecond) that finds
 * nothing of the lane unconfirmed, or after some rounds in any case. This is to the lane what `linger.ms`
 * is to a producer of Kafka; with few messages under way none waits.
 */
export class Gathering {
  readonly #bounds: GatherBounds
  readonly #begin: () => void
  /** Lanes in which something waits for company, with the rounds that they have waited. */
  readonly #rounds = new Map<Lane, number>()
  #isRunning = false

  /** @param begin asks for `roundOver` after a moment */
  constructor(gatherBounds: GatherBounds, begin: () => void) {
    this.#bounds = gatherBounds
    this.#begin = begin
  }

  /** Whether what waits in a lane is to wait on; if so, the lane is released later. */
  holds(lane: Lane, waiting: number, unconfirmed: number): boolean {
    const { gatherMessagesMax, unconfirmedBusyMin } = this.#bounds
    if (waiting >= gatherMessagesMax || unconfirmed < unconfirmedBusyMin) {
      if (this.#rounds.size > 0) this.#rounds.delete(lane)
      return false
    }
    if (!this.#rounds.has(lane)) this.#rounds.set(lane, 0)
    this.#run()
    return true
  }

  roundOver(): void {
    this.#isRunning = false
    for (const [lane, rounds] of this.#rounds) {
      if (!lane.isIdle && rounds + 1 < this.#bounds.gatherRoundsMax) {
        this.#rounds.set(lane, rounds + 1)
      } else {
        this.#rounds.delete(lane)
        lane.release()
      }
    }
    if (this.#rounds.size > 0) this.#run()
  }

  forget(lane: Lane): void {
    this.#rounds.delete(lane)
  }

  #run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#begin()
  }
}
