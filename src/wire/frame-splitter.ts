import { uint32At } from "./bytes.ts"
import { frameEnd, frameHeadBytes, frameOverhead } from "./frames.ts"

/** Takes a whole frame that begins there. Its bytes are there during the call only. */
export type FrameListener = (bytes: Uint8Array, at: number, size: number) => void

/**
 * Cuts what a socket reads into frames. All is copied into one buffer first, which is used again: that
 * costs less than to look into a buffer of the runtime's for every read, and a frame that is spread over
 * several reads is put together on the way.
 */
export class FrameSplitter {
  readonly #frameBytesMax: number
  readonly #onFrame: FrameListener
  /** Has room for the largest read so far, and for the beginning of a frame before it. */
  #buffer = new Uint8Array(16 * 1024)
  /** How much of it is filled, from its start; between reads that is the beginning of one frame. */
  #filled = 0

  constructor(frameBytesMax: number, onFrame: FrameListener) {
    this.#frameBytesMax = frameBytesMax
    this.#onFrame = onFrame
  }

  /** @throws {RangeError} when that is no frame, or a larger one than allowed; nothing can follow */
  split(read: Uint8Array): void {
    this.#append(read)
    const buffer = this.#buffer
    const end = this.#filled
    let at = 0
    try {
      while (end - at >= frameHeadBytes) {
        const size = this.#sizeAt(buffer, at)
        if (end - at < size) break
        if (buffer[at + size - 1] !== frameEnd) throw new RangeError("a frame without its end")
        at += size
        this.#onFrame(buffer, at - size, size)
      }
    } finally {
      // What was passed on never is again, whatever was thrown over it.
      this.#keepFrom(at)
    }
  }

  #append(read: Uint8Array): void {
    const size = this.#filled + read.length
    if (size > this.#buffer.length) this.#grow(Math.max(size, this.#buffer.length * 2))
    this.#buffer.set(read, this.#filled)
    this.#filled = size
  }

  #keepFrom(at: number): void {
    if (at > 0) this.#buffer.copyWithin(0, at, this.#filled)
    this.#filled -= at
  }

  #grow(size: number): void {
    const larger = new Uint8Array(size)
    larger.set(this.#buffer.subarray(0, this.#filled))
    this.#buffer = larger
  }

  #sizeAt(bytes: Uint8Array, at: number): number {
    const size = uint32At(bytes, at + 3) + frameOverhead
    if (size > this.#frameBytesMax) {
      throw new RangeError(`a frame of ${size} bytes, ${this.#frameBytesMax} are allowed`)
    }
    return size
  }
}
