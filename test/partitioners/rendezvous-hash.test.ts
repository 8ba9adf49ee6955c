import { expect, test } from "bun:test"
import rendezvousHash from "../../partitioners/rendezvous-hash.ts"
import { placements } from "../../src/conformance/key-stream.ts"
import { keyBytes } from "../../src/core/key.ts"
import { fmix32 } from "../../src/hash/fmix32.ts"
import { partitionSet } from "../../src/plugin/partition-set.ts"

const keyCount = 2 ** 16

test("only the removed partition's keys move, even when it was in the middle of the list", () => {
  const ids = ["pod-a", "pod-b", "pod-c", "pod-d", "pod-e"]
  const named = (names: readonly string[]) =>
    names.map((id, index) => ({ id, index, weight: 1 + (id.charCodeAt(4) % 2) }))
  const left = ids.filter((id) => id !== "pod-c")
  const before = placements(rendezvousHash.create({}, named(ids)), keyCount)
  const after = placements(rendezvousHash.create({}, named(left)), keyCount)
  const movedFrom = new Set<string>()
  for (const [at, placed] of before.entries()) {
    if (ids[placed] !== left[after[at]!]) movedFrom.add(ids[placed]!)
  }
  expect([...movedFrom]).toEqual(["pod-c"])
})

test("equal weights place as no weights do, and a heavier partition only gains keys", () => {
  const plain = placements(rendezvousHash.create({}, partitionSet(5)), keyCount)
  const equal = rendezvousHash.create({}, partitionSet(5, [3, 3, 3, 3, 3]))
  expect(placements(equal, keyCount)).toEqual(plain)
  const nearly = rendezvousHash.create({}, partitionSet(5, [3, 3, 3.000001, 3, 3]))
  const changed = [...placements(nearly, keyCount).entries()].filter(([at, to]) => to !== plain[at])
  expect(changed.filter(([, to]) => to !== 2)).toEqual([])
  expect(changed.length).toBeLessThan(5)
  const heavier = rendezvousHash.create({}, partitionSet(5, [1, 1, 2, 1, 1]))
  const moved = [...placements(heavier, keyCount).entries()].filter(([at, to]) => to !== plain[at])
  expect(moved.length).toBeGreaterThan(keyCount / 10)
  expect(moved.filter(([, to]) => to !== 2)).toEqual([])
})

test("places by the highest ln(u) / weight, as documented", () => {
  const weights = [0.5, 1, 2, 3.7, 10, 1]
  const partition = rendezvousHash.create({}, partitionSet(weights.length, weights))
  for (let n = 0; n < 20_000; n++) {
    const key = `customer-${n}`
    const slot = Bun.hash.xxHash32(key) >>> 12
    const scores = weights.map((weight, index) => {
      const score = fmix32(fmix32(slot * 2 ** 12) ^ Bun.hash.xxHash32(String(index)))
      return Math.log((score + 0.5) / 2 ** 32) / weight
    })
    const highest = scores.indexOf(Math.max(...scores))
    expect([key, partition(keyBytes(key)!)]).toEqual([key, highest])
  }
})
