/** How often something happened lately. */
export class RecentCount {
  readonly #windowMs: number
  readonly #times: number[] = []
  #head = 0

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  add(): void {
    this.#times.push(performance.now())
  }

  get count(): number {
    const sinceMs = performance.now() - this.#windowMs
    while (this.#head < this.#times.length && this.#times[this.#head]! < sinceMs) this.#head += 1
    return this.#times.length - this.#head
  }
}
