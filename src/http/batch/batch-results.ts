import { bounds } from "../../core/bounds.ts"
import { Fifo } from "../../core/fifo.ts"
import type { ResultText } from "./result-text.ts"

export interface LineResult {
  readonly isAccepted: boolean
  readonly text: string
}

/** A line's result, once it is known. */
export interface ResultSlot {
  result: LineResult | undefined
}

/**
 * The results of a batch, brought into the order of its lines. What is known while an earlier one is
 * not waits here, and so the lines between them are bounded in number.
 */
export class BatchResults {
  accepted = 0
  failed = 0
  /** Accepted lines whose results were left out. */
  omitted = 0
  readonly #text: ResultText
  readonly #isMinimal: boolean
  readonly #slots = new Fifo<ResultSlot>()
  #wake = () => {}

  /** @param isMinimal results of accepted lines are left out */
  constructor(text: ResultText, isMinimal: boolean) {
    this.#text = text
    this.#isMinimal = isMinimal
  }

  /** Lines so far. */
  get lines(): number {
    return this.accepted + this.failed + this.#slots.size
  }

  get isFull(): boolean {
    return this.#slots.size >= bounds.batchOpenLinesMax
  }

  /** Resolves when at most so many lines are without a result, or behind one that is. */
  async atMost(lines: number): Promise<void> {
    while (this.#slots.size > lines) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The place of the next line's result. */
  open(): ResultSlot {
    const slot: ResultSlot = { result: undefined }
    this.#slots.push(slot)
    return slot
  }

  settle(slot: ResultSlot, result: LineResult): void {
    slot.result = result
    for (let next = this.#slots.peek(); next?.result !== undefined; next = this.#slots.peek()) {
      this.#slots.shift()
      this.#write(next.result)
    }
    this.#wake()
  }

  #write({ isAccepted, text }: LineResult): void {
    if (isAccepted) this.accepted += 1
    else this.failed += 1
    if (isAccepted && (this.#isMinimal || this.#text.isFull)) this.omitted += 1
    else this.#text.add(text)
  }
}
