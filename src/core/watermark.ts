import { ConfirmWindow } from "./confirm-window.ts"

/**
 * The contiguous settled watermark of one channel's delivery tags, which count 1, 2, 3, ….
 *
 * Messages settle in any order, but may only be acked up to the first that has not: an ack with
 * `multiple` beyond it would let the broker forget a message that is still on its way.
 */
export class Watermark {
  /** Every tag up to the highest that has settled; those below it that have not are open. */
  readonly #window = new ConfirmWindow<true>()

  /** Every tag up to and including this one has settled; 0 at first. */
  get top(): number {
    return this.#window.oldestTag - 1
  }

  /** Tags settled beyond a gap. */
  get ahead(): number {
    return this.#window.newestTag - this.top - this.#window.size
  }

  /** Notes that a tag has settled. Returns whether the watermark rose. */
  settle(tag: number): boolean {
    const before = this.top
    while (this.#window.newestTag < tag) this.#window.push(true)
    this.#window.settle(tag, false, nothingToDo)
    return this.top > before
  }
}

const nothingToDo = (): void => {}
