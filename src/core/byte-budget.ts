export interface ByteBudgetOptions {
  readonly bytesMax: number
  /** The budget is used up: take in nothing more. */
  readonly exhausted: () => void
  /** Half of it is free again. */
  readonly relieved: () => void
}

/**
 * How many bytes may be on their way at once. What has arrived is always accounted, so it may be
 * overdrawn by what was under way when it was used up. `exhausted` and `relieved` take turns.
 */
export class ByteBudget {
  readonly #options: ByteBudgetOptions
  #used = 0
  #isExhausted = false

  constructor(options: ByteBudgetOptions) {
    this.#options = options
  }

  get used(): number {
    return this.#used
  }

  get isExhausted(): boolean {
    return this.#isExhausted
  }

  take(bytes: number): void {
    this.#used += bytes
    if (this.#isExhausted || this.#used < this.#options.bytesMax) return
    this.#isExhausted = true
    this.#options.exhausted()
  }

  give(bytes: number): void {
    this.#used -= bytes
    if (!this.#isExhausted || this.#used > this.#options.bytesMax / 2) return
    this.#isExhausted = false
    this.#options.relieved()
  }
}
