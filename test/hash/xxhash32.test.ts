import { expect, test } from "bun:test"
import { xxHash32 } from "../../src/hash/xxhash32.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

/** The buffer of the reference's sanity check: the upper byte of a generator modulo 2^32. */
function sanityBuffer(length: number): Uint8Array {
  let generator = 2_654_435_761
  return Uint8Array.from({ length }, () => {
    const byte = generator >>> 24
    generator = Math.imul(generator, generator) >>> 0
    return byte
  })
}

test("published vectors with seed 0", () => {
  const vectors: [string, number][] = [
    ["", 0x02cc5d05],
    ["a", 0x550d7456],
    ["ab", 0x4999fc53],
    ["abc", 0x32d153ff],
    ["abcd", 0xa3643705],
    ["abcde", 0x9738f19b],
    ["abcdefghij", 0x8b988cfe],
    ["abcdefghijklmnop", 0x9d2d8b62],
    ["Nobody inspects the spammish repetition", 0xe2293b2f],
  ]
  for (const [text, hash] of vectors) expect([text, xxHash32(bytes(text))]).toEqual([text, hash])
})

test("the reference's sanity check, with and without a seed", () => {
  const prime = 2_654_435_761
  const buffer = sanityBuffer(101)
  const vectors: [length: number, seed: number, hash: number][] = [
    [0, prime, 0x36b78ae7],
    [1, 0, 0xb85cbee5],
    [1, prime, 0xd5845d64],
    [14, 0, 0xe5aa0ab4],
    [14, prime, 0x4481951d],
    [101, 0, 0x1f1aa412],
    [101, prime, 0x498ec8e2],
  ]
  for (const [length, seed, hash] of vectors) {
    expect([length, xxHash32(buffer.subarray(0, length), seed)]).toEqual([length, hash])
  }
})

test("agrees with the runtime's own xxHash32 for any bytes and seed", () => {
  for (let round = 0; round < 5000; round++) {
    const input = crypto.getRandomValues(new Uint8Array(round % 200))
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!
    const shown = `${Buffer.from(input).toString("hex")} seed ${seed}`
    expect([shown, xxHash32(input, seed)]).toEqual([shown, Bun.hash.xxHash32(input, seed)])
  }
})

test("hashes the bytes of a view, not of its buffer", () => {
  const buffer = bytes("--abcdefghijklmnop--")
  expect(xxHash32(buffer.subarray(2, 18))).toBe(0x9d2d8b62)
})
