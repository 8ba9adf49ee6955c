/** `up`: from the router to the broker. */
export type Direction = "up" | "down"

/** What a proxy does to the bytes that pass. */
export class Weather {
  isRefusing = false
  /** Added to each piece as it was read, one after the other. */
  delayMs = 0
  bytesPerSecond = Number.POSITIVE_INFINITY
  readonly #held = new Set<Direction>()
  #released = Promise.withResolvers<void>()
  /** Bytes that still pass before a connection is cut, by direction. */
  readonly #untilCut = new Map<Direction, number>()

  /** Nothing passes in that direction until `clear`; nobody is told, and nothing is dropped. */
  hold(direction: Direction): void {
    this.#held.add(direction)
  }

  /** Ends the connection that the byte after so many is on, right behind that byte. */
  cutAfter(direction: Direction, bytes: number): void {
    this.#untilCut.set(direction, bytes)
  }

  /** Whether a cut is still to come. */
  isCutPending(direction: Direction): boolean {
    return this.#untilCut.has(direction)
  }

  /** Everything passes at once again. */
  clear(): void {
    this.isRefusing = false
    this.delayMs = 0
    this.bytesPerSecond = Number.POSITIVE_INFINITY
    this.#held.clear()
    this.#untilCut.clear()
    this.#released.resolve()
    this.#released = Promise.withResolvers()
  }

  /** Waits until a piece may pass; answers how much of it, all of it unless a cut is due. */
  async passes(direction: Direction, size: number): Promise<number> {
    if (this.delayMs > 0) await Bun.sleep(this.delayMs)
    if (Number.isFinite(this.bytesPerSecond)) await Bun.sleep((size / this.bytesPerSecond) * 1_000)
    while (this.#held.has(direction)) await this.#released.promise
    const untilCut = this.#untilCut.get(direction)
    if (untilCut === undefined) return size
    if (size < untilCut) this.#untilCut.set(direction, untilCut - size)
    else this.#untilCut.delete(direction)
    return Math.min(size, untilCut)
  }

  /** Waits until the end of a connection may be told. */
  async passesEnd(direction: Direction): Promise<void> {
    while (this.#held.has(direction)) await this.#released.promise
  }
}
