import { expect, test } from "bun:test"
import { xxHash32 } from "../../src/hash/xxhash32.ts"
import { placementFingerprint, sampleKeys } from "../../src/plugin/placement-fingerprint.ts"

test("is 16 hexadecimal digits and the same for the same placements", () => {
  const one = placementFingerprint((key) => xxHash32(key) % 16)
  expect(one).toMatch(/^[0-9a-f]{16}$/)
  expect(placementFingerprint((key) => xxHash32(key) % 16)).toBe(one)
})

test("tells apart partitioners that differ in one key of the sample", () => {
  const odd = sampleKeys()[4000]!
  const hash = xxHash32(odd)
  const fair = placementFingerprint((key) => xxHash32(key) % 16)
  const differing = placementFingerprint((key) =>
    xxHash32(key) === hash ? ((hash % 16) + 1) % 16 : xxHash32(key) % 16,
  )
  expect(differing).not.toBe(fair)
  expect(placementFingerprint((key) => xxHash32(key) % 17)).not.toBe(fair)
})

test("its sample has 4096 different keys, and writing to them changes nothing", () => {
  const hex = () => sampleKeys().map((key) => Buffer.from(key).toString("hex"))
  expect(new Set(hex()).size).toBe(4096)
  const before = hex()
  for (const key of sampleKeys()) key.fill(0)
  expect(hex()).toEqual(before)
})
