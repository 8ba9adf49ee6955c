import { bounds } from "../../core/bounds.ts"

/** Bytes that all batches under way share. */
export interface SharedBytes {
  used: number
}

/**
 * The results of a batch as the elements of a JSON array, in order. Results are much alike, so what
 * is over a certain length is compressed: those of 300,000 lines are some 60 MB of text.
 */
export class ResultText {
  readonly #shared: SharedBytes
  #blocks: Uint8Array<ArrayBuffer>[] = []
  #bytes = 0
  #text = ""
  #isEmpty = true
  #isDropped = false

  constructor(shared: SharedBytes) {
    this.#shared = shared
  }

  /** No room is left for results that can be done without. */
  get isFull(): boolean {
    return this.#shared.used >= bounds.batchResultsBytesMax
  }

  /** Nothing is kept after `drop`: lines of a batch that failed as a whole may be confirmed after it. */
  add(result: string): void {
    if (this.#isDropped) return
    this.#text += this.#isEmpty ? result : `,${result}`
    this.#isEmpty = false
    if (this.#text.length >= bounds.batchResultsTextMax) this.#compress()
  }

  #compress(): void {
    const block = Bun.deflateSync(Buffer.from(this.#text), { level: 1 })
    this.#text = ""
    this.#blocks.push(block)
    this.#bytes += block.length
    this.#shared.used += block.length
  }

  /** All of it between head and tail, for a response; nothing is held once that has been read. */
  body(head: string, tail: string): string | ReadableStream<Uint8Array> {
    if (this.#blocks.length === 0) return `${head}${this.#text}${tail}`
    const parts = this.#parts(head, tail)
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const { value } = parts.next()
          if (value === undefined) controller.close()
          else controller.enqueue(value)
        },
        cancel: () => this.drop(),
      },
      { highWaterMark: 0 },
    )
  }

  *#parts(head: string, tail: string): Generator<Uint8Array, undefined> {
    yield Buffer.from(head)
    for (const block of this.#blocks) yield Bun.inflateSync(block)
    this.drop()
    yield Buffer.from(`${this.#text}${tail}`)
  }

  /** Gives back its share. Idempotent. */
  drop(): void {
    this.#isDropped = true
    this.#shared.used -= this.#bytes
    this.#bytes = 0
    this.#blocks = []
  }
}
