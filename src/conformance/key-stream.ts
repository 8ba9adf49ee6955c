import type { PartitionKey } from "../core/key.ts"
import { fmix32 } from "../hash/fmix32.ts"
import type { Partitioner } from "../plugin/contract.ts"

/**
 * Where the first `count` keys of a fixed stream go: by turns `order-0000000000` and up, as
 * identifiers tend to look, and eight pseudo-random bytes. Two buffers are reused, so millions of
 * keys cost nothing; a partitioner may look at a key only while it is called.
 */
export function placements(partition: Partitioner, count: number): Uint32Array {
  const text = new TextEncoder().encode("order-0000000000") as PartitionKey
  const random = new Uint8Array(8) as PartitionKey
  const halves = new DataView(random.buffer)
  const placed = new Uint32Array(count)
  for (let n = 0; n < count; n++) {
    if (n % 2 === 0) {
      placed[n] = partition(text)
      countUp(text)
    } else {
      halves.setUint32(0, fmix32(n))
      halves.setUint32(4, fmix32(n ^ 0x5bd1e995))
      placed[n] = partition(random)
    }
  }
  return placed
}

/** Adds one to the decimal number at the end. */
function countUp(text: Uint8Array): void {
  const [zero, nine] = [48, 57]
  let at = text.length - 1
  while (text[at] === nine) text[at--] = zero
  text[at]!++
}
