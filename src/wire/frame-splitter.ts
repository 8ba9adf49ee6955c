import { uint32At } from "./bytes.ts"
import { frameEnd, frameHeadBytes, frameOverhead } from "./frames.ts"

/** Takes a whole frame that begins there. Its bytes are there during the call only. */
export type FrameListener = (bytes: Uint8Array, at: number, size: number) => void

/**
 * Cuts what a socket reads into frames. One that lies within a read is passed on where it lies; one
 * that is spread over several reads is gathered first, in a buffer that is used again.
 */
export class FrameSplitter {
  readonly #frameBytesMax: number
  readonly #onFrame: FrameListener
  /** The beginning of a frame whose end has not been read. */
  #partial = new Uint8Array(4096)
  #filled = 0

  constructor(frameBytesMax: number, onFrame: FrameListener) {
    this.#frameBytesMax = frameBytesMax
    this.#onFrame = onFrame
  }

  /** @throws {RangeError} when that is no frame, or a larger one than allowed; nothing can follow */
  split(read: Uint8Array): void {
    let at = this.#filled === 0 ? 0 : this.#complete(read)
    while (read.length - at >= frameHeadBytes) {
      const size = this.#sizeAt(read, at)
      if (read.length - at < size) break
      this.#pass(read, at, size)
      at += size
    }
    if (at < read.length) this.#gather(read, at, read.length)
  }

  /** Adds to the partial frame what belongs to it. Returns where that ends in the read. */
  #complete(read: Uint8Array): number {
    const headEnd = Math.min(Math.max(0, frameHeadBytes - this.#filled), read.length)
    this.#gather(read, 0, headEnd)
    if (this.#filled < frameHeadBytes) return headEnd
    const size = this.#sizeAt(this.#partial, 0)
    const end = Math.min(headEnd + size - this.#filled, read.length)
    this.#reserve(size)
    this.#gather(read, headEnd, end)
    if (this.#filled === size) {
      this.#filled = 0
      this.#pass(this.#partial, 0, size)
    }
    return end
  }

  #gather(read: Uint8Array, start: number, end: number): void {
    this.#reserve(this.#filled + end - start)
    this.#partial.set(read.subarray(start, end), this.#filled)
    this.#filled += end - start
  }

  #reserve(size: number): void {
    if (size <= this.#partial.length) return
    const larger = new Uint8Array(size)
    larger.set(this.#partial.subarray(0, this.#filled))
    this.#partial = larger
  }

  #sizeAt(bytes: Uint8Array, at: number): number {
    const size = uint32At(bytes, at + 3) + frameOverhead
    if (size > this.#frameBytesMax) {
      throw new RangeError(`a frame of ${size} bytes, ${this.#frameBytesMax} are allowed`)
    }
    return size
  }

  #pass(bytes: Uint8Array, at: number, size: number): void {
    if (bytes[at + size - 1] !== frameEnd) throw new RangeError("a frame without its end")
    this.#onFrame(bytes, at, size)
  }
}
