import { keyBytes, type PartitionKey } from "../core/key.ts"
import { fmix32 } from "../hash/fmix32.ts"
import { xxHash32 } from "../hash/xxhash32.ts"
import type { Partitioner } from "./contract.ts"

const sampleSize = 4096

/**
 * 16 hexadecimal digits over where a partitioner puts a fixed sample of 4096 keys. Recorded with a
 * generation, it tells on a later start that the same plugin with the same options places keys
 * differently, because its code has changed.
 *
 * The sample is `key-0` to `key-2047` and 2048 keys of eight pseudo-random bytes; the placements
 * are taken as 32-bit little-endian integers, the digits are their xxHash32 with seeds 0 and 1.
 */
export function placementFingerprint(partition: Partitioner): string {
  const placements = new DataView(new ArrayBuffer(4 * sampleSize))
  for (const [at, key] of sampleKeys().entries()) placements.setUint32(4 * at, partition(key), true)
  const bytes = new Uint8Array(placements.buffer)
  return [0, 1].map((seed) => xxHash32(bytes, seed).toString(16).padStart(8, "0")).join("")
}

/** Fresh copies each time: a partitioner that writes to its key must not change the sample. */
export function sampleKeys(): PartitionKey[] {
  const keys: PartitionKey[] = []
  for (let n = 0; n < sampleSize / 2; n++) keys.push(keyBytes(`key-${n}`)!)
  for (let n = 0; n < sampleSize / 2; n++) {
    const halves = new DataView(new ArrayBuffer(8))
    halves.setUint32(0, fmix32(2 * n), true)
    halves.setUint32(4, fmix32(2 * n + 1), true)
    keys.push(keyBytes(new Uint8Array(halves.buffer))!)
  }
  return keys
}
