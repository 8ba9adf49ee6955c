/**
 * The contiguous settled watermark of one channel's delivery tags, which count 1, 2, 3, ….
 *
 * Messages settle in any order, but may only be acked up to the first that has not: an ack with
 * `multiple` beyond it would let the broker forget a message that is still on its way.
 */
export class Watermark {
  #top = 0
  readonly #settledAhead = new Set<number>()

  /** Every tag up to and including this one has settled; 0 at first. */
  get top(): number {
    return this.#top
  }

  /** Tags settled beyond a gap. */
  get ahead(): number {
    return this.#settledAhead.size
  }

  /** Notes that a tag has settled. Returns whether the watermark rose. */
  settle(tag: number): boolean {
    if (tag !== this.#top + 1) {
      if (tag > this.#top) this.#settledAhead.add(tag)
      return false
    }
    do this.#top += 1
    while (this.#settledAhead.delete(this.#top + 1))
    return true
  }
}
