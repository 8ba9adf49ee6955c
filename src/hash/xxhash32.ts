const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1

/**
 * xxHash32 of `bytes`, as an unsigned 32-bit integer. The documented hash of PartyMQ's placements,
 * always with seed 0: it is published, fast on short keys without SIMD or 64-bit arithmetic, and to
 * be had in every language.
 *
 * Source: Yann Collet, the xxHash specification (`doc/xxhash_spec.md`, XXH32). Not cryptographic.
 *
 * @param seed 32 bits @default 0
 */
export function xxHash32(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes
  let at = length & ~15
  let hash = at === 0 ? (seed + PRIME_5) | 0 : stripes(bytes, at, seed)
  hash = (hash + length) | 0
  for (; at + 4 <= length; at += 4) {
    hash = Math.imul(rotated(hash + Math.imul(word(bytes, at), PRIME_3), 17), PRIME_4)
  }
  for (; at < length; at++) {
    hash = Math.imul(rotated(hash + Math.imul(bytes[at]!, PRIME_5), 11), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The four lanes over all whole stripes of 16 bytes, merged. */
function stripes(bytes: Uint8Array, end: number, seed: number): number {
  let lane1 = (seed + PRIME_1 + PRIME_2) | 0
  let lane2 = (seed + PRIME_2) | 0
  let lane3 = seed | 0
  let lane4 = (seed - PRIME_1) | 0
  for (let at = 0; at < end; at += 16) {
    lane1 = mixed(lane1, word(bytes, at))
    lane2 = mixed(lane2, word(bytes, at + 4))
    lane3 = mixed(lane3, word(bytes, at + 8))
    lane4 = mixed(lane4, word(bytes, at + 12))
  }
  return (rotated(lane1, 1) + rotated(lane2, 7) + rotated(lane3, 12) + rotated(lane4, 18)) | 0
}

const mixed = (lane: number, input: number): number =>
  Math.imul(rotated(lane + Math.imul(input, PRIME_2), 13), PRIME_1)

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

const word = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
