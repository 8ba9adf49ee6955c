import { randomFrom } from "../support/seed.ts"

const blockBytes = 256 * 1024
const random = randomFrom(1)
const block = Uint8Array.from({ length: blockBytes }, () => random.integer(256))
const indexBytes = 4

/** A body of its own for each index and size, begun with the index; looks like noise. */
export function largeBody(index: number, bytes: number): Uint8Array {
  const body = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += blockBytes) {
    // Shifted, so that frames in another order, or of another body, are another body.
    const piece = block.subarray((index * 31 + at / blockBytes) % 1_000)
    body.set(piece.subarray(0, bytes - at), at)
  }
  new DataView(body.buffer).setUint32(0, index)
  return body
}

/** The index of a body, or `undefined` when it is not, byte for byte, the body of that index. */
export function indexOf(body: Uint8Array): number | undefined {
  if (body.length < indexBytes) return undefined
  const index = new DataView(body.buffer, body.byteOffset).getUint32(0)
  return Buffer.compare(body, largeBody(index, body.length)) === 0 ? index : undefined
}
