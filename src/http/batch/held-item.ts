import { createPieces, type Pieces } from "../pieces.ts"

/** The beginning of an item whose end has not arrived; it is let go of once it is too long. */
export class HeldItem {
  readonly #bytesMax: number
  #pieces: Pieces | undefined
  #isTooLong = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#pieces?.bytes ?? 0
  }

  get isEmpty(): boolean {
    return this.#pieces === undefined && !this.#isTooLong
  }

  /** Keeps a copy, because the chunk that a piece is of may be much larger. */
  add(piece: Uint8Array): void {
    if (piece.length === 0 || this.#isTooLong) return
    if (this.bytes + piece.length > this.#bytesMax) {
      this.#pieces = undefined
      this.#isTooLong = true
      return
    }
    this.#pieces ??= createPieces()
    this.#pieces.add(piece.slice())
  }

  /** The whole item with its last piece, or `undefined` when it is too long. Starts anew. */
  finish(last: Uint8Array): Uint8Array | undefined {
    const isTooLong = this.#isTooLong || this.bytes + last.length > this.#bytesMax
    this.#isTooLong = false
    const pieces = this.#pieces
    this.#pieces = undefined
    if (isTooLong) return undefined
    if (pieces === undefined) return last
    pieces.add(last)
    return pieces.joined()
  }
}
