import { expect, test } from "bun:test"
import { fmix32 } from "../../src/hash/fmix32.ts"

/** MurmurHash3's x86 32-bit hash of four bytes, whose last step is the finaliser. */
function murmur3(word: number, seed: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51)
  const turned = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
  const state = seed ^ turned
  return fmix32(((Math.imul((state << 13) | (state >>> 19), 5) + 0xe6546b64) | 0) ^ 4)
}

test("finishes MurmurHash3 as its published vectors have it", () => {
  expect(murmur3(0xffffffff, 0)).toBe(0x76293b50)
  expect(murmur3(0x87654321, 0)).toBe(0xf55b516b)
  expect(murmur3(0x87654321, 0x5082edee)).toBe(0x2362f9de)
  expect(murmur3(0, 0)).toBe(0x2362f9de)
})

test("finishes the empty input as MurmurHash3's published vectors have it", () => {
  expect(fmix32(0)).toBe(0)
  expect(fmix32(1)).toBe(0x514e28b7)
  expect(fmix32(0xffffffff)).toBe(0x81f16f39)
})
