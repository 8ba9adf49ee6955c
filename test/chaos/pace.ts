/** How many events are due at each look at the clock, for a steady rate. */
export class Pace {
  readonly #perMs: number
  #lastMs = performance.now()
  #due = 0

  constructor(perSecond: number) {
    this.#perMs = perSecond / 1_000
  }

  /** Whole events since the last call; what could not be made in time is not made up for. */
  due(): number {
    const nowMs = performance.now()
    const sinceMs = Math.min(nowMs - this.#lastMs, catchUpMsMax)
    this.#lastMs = nowMs
    this.#due += sinceMs * this.#perMs
    const whole = Math.floor(this.#due)
    this.#due -= whole
    return whole
  }
}

const catchUpMsMax = 100
export const tickMs = 10
