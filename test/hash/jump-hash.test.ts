import { expect, test } from "bun:test"
import { jumpHash } from "../../src/hash/jump-hash.ts"

/** The paper's own function, in the 64-bit integers it is written in. */
function published(key: bigint, buckets: number): number {
  let state = key
  let bucket = -1
  let next = 0
  while (next < buckets) {
    bucket = next
    state = BigInt.asUintN(64, state * 2862933555777941757n + 1n)
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)))
  }
  return bucket
}

const jumped = (key: bigint, buckets: number) =>
  jumpHash(Number(key >> 32n), Number(key & 0xffffffffn), buckets)

test("the vectors of Guava's consistentHash", () => {
  const of100 = [0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83]
  expect(of100.map((_, key) => jumped(BigInt(key), 100))).toEqual(of100)
  expect(jumped(10863919174838991n, 11)).toBe(6)
  expect(jumped(2016238256797177309n, 11)).toBe(3)
  expect(jumped(1673758223894951030n, 11)).toBe(5)
  expect(jumped(2n, 100001)).toBe(80343)
  expect(jumped(2201n, 100001)).toBe(22152)
  expect(jumped(2202n, 100001)).toBe(15018)
})

test("agrees with 64-bit arithmetic for any key and number of buckets", () => {
  for (let round = 0; round < 5000; round++) {
    const key = crypto.getRandomValues(new BigUint64Array(1))[0]!
    const buckets = 1 + (round % 4096)
    const shown = `key ${key}, ${buckets} buckets`
    expect([shown, jumped(key, buckets)]).toEqual([shown, published(key, buckets)])
  }
})

test("carries from the lower half into the upper", () => {
  // The lower half for which multiplier * key + 1 is 0 modulo 2^32: minus the multiplier's inverse.
  const multiplier = 2862933555777941757n
  let inverse = multiplier
  for (let step = 0; step < 5; step++) {
    inverse = BigInt.asUintN(32, inverse * (2n - multiplier * inverse))
  }
  const low = BigInt.asUintN(32, -inverse)
  expect(BigInt.asUintN(32, low * multiplier + 1n)).toBe(0n)
  // The carry is worth 1 in 2^32: seen where an even upper half would be one less, at 2^31 buckets.
  for (let high = 0n; high < 64n; high++) {
    const key = (high << 32n) | low
    expect([key, jumped(key, 2 ** 31)]).toEqual([key, published(key, 2 ** 31)])
  }
})
