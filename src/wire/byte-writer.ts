import { putUint32 } from "./bytes.ts"

const encoder = new TextEncoder()

/**
 * Puts wire values one after another, big-endian. It is used again for the next ones after `take`, so
 * that a message costs one allocation and not one for each of its fields.
 */
export class ByteWriter {
  #bytes = new Uint8Array(usualBytes)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was put, as a copy; the next ones begin anew. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
    this.reset()
    return taken
  }

  /** Forgets what was put. */
  reset(): void {
    this.#length = 0
    if (this.#bytes.length > keptBytesMax) this.#bytes = new Uint8Array(usualBytes)
  }

  octet(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  uint16(value: number): void {
    this.#reserve(2)
    this.#length += 2
    this.setUint16(this.#length - 2, value)
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#length += 4
    this.setUint32(this.#length - 4, value)
  }

  /** Exact up to 2^53. */
  uint64(value: number): void {
    this.uint32(Math.floor(value / 2 ** 32))
    this.uint32(value % 2 ** 32)
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /**
   * A short string: its size in an octet, then UTF-8.
   * @throws {RangeError} when it is over 255 bytes
   */
  shortText(text: string): void {
    const at = this.#length
    this.octet(0)
    const size = this.#text(text)
    if (size > 255) throw new RangeError(`a short string is ${size} bytes, 255 fit`)
    this.#bytes[at] = size
  }

  /** A long string: its size in 32 bits, then UTF-8. */
  longText(text: string): void {
    const at = this.#length
    this.uint32(0)
    this.setUint32(at, this.#text(text))
  }

  /** Overwrites what was put there before. */
  setUint16(at: number, value: number): void {
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
  }

  setUint32(at: number, value: number): void {
    putUint32(this.#bytes, at, value)
  }

  /** Returns the number of bytes. */
  #text(text: string): number {
    // UTF-8 has at most three bytes for each UTF-16 unit.
    this.#reserve(3 * text.length)
    const at = this.#length
    const end = at + this.#ascii(text, at)
    const rest = text.slice(end - at)
    const { written } = rest === "" ? nothing : encoder.encodeInto(rest, this.#bytes.subarray(end))
    this.#length = end + written
    return this.#length - at
  }

  /** As many characters as are ASCII, of a short text: cheaper for those than the encoder. */
  #ascii(text: string, at: number): number {
    const end = Math.min(text.length, shortTextLength)
    for (let i = 0; i < end; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return i
      this.#bytes[at + i] = code
    }
    return end
  }

  #reserve(more: number): void {
    const size = this.#length + more
    if (size <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

const nothing = { written: 0 }
const shortTextLength = 64
const usualBytes = 1024
/** A larger buffer is given up after use. */
const keptBytesMax = 64 * 1024
