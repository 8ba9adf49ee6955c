import { xxHash32 } from "./xxhash32.ts"

/**
 * The slot of a key in a table of `2^bits` slots: the upper bits of its xxHash32 with seed 0.
 * Tables have the same number of slots for every number of partitions, so that a key keeps its slot
 * for ever and only slots change hands.
 *
 * @param bits 1 to 32
 */
export function slotOf(key: Uint8Array, bits: number): number {
  return xxHash32(key) >>> (32 - bits)
}
