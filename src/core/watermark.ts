/**
 * The contiguous settled watermark of one channel's delivery tags, which count 1, 2, 3, ….
 *
 * Messages settle in any order, but may only be acked up to the first that has not: an ack with
 * `multiple` beyond it would let the broker forget a message that is still on its way.
 */
export class Watermark {
  #top = 0
  #ahead = 0
  /** Of the tags beyond the watermark, from `#head` on, whether they have settled. */
  #settled: boolean[] = []
  #head = 0

  /** Every tag up to and including this one has settled; 0 at first. */
  get top(): number {
    return this.#top
  }

  /** Tags settled beyond a gap. */
  get ahead(): number {
    return this.#ahead
  }

  /** Notes that a tag has settled. Returns whether the watermark rose. */
  settle(tag: number): boolean {
    const index = this.#head + tag - this.#top - 1
    if (index < this.#head || this.#settled[index] === true) return false
    while (this.#settled.length <= index) this.#settled.push(false)
    this.#settled[index] = true
    this.#ahead += 1
    return this.#advance()
  }

  #advance(): boolean {
    const before = this.#top
    while (this.#settled[this.#head] === true) {
      this.#head += 1
      this.#top += 1
      this.#ahead -= 1
    }
    if (this.#head > clearedFrom && this.#head * 2 > this.#settled.length) {
      this.#settled = this.#settled.slice(this.#head)
      this.#head = 0
    }
    return this.#top > before
  }
}

/** So many that the watermark has passed are cleared away at the earliest. */
const clearedFrom = 1_024
