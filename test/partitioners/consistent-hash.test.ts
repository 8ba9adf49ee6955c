import { expect, test } from "bun:test"
import * as v from "valibot"
import consistentHash from "../../partitioners/consistent-hash.ts"
import { placements } from "../../src/conformance/key-stream.ts"
import { keyBytes } from "../../src/core/key.ts"
import { partitionSet } from "../../src/plugin/partition-set.ts"

const keyCount = 2 ** 18

test("takes 128 virtual nodes when none are given", () => {
  expect(v.parse(consistentHash.options!, {})).toEqual({ virtualNodes: 128 })
})

test("stays even with one virtual node, with a thousand partitions, with odd weights", () => {
  const cases = [
    { virtualNodes: 1, weights: new Array<number>(64).fill(1) },
    { virtualNodes: 16, weights: new Array<number>(1000).fill(1) },
    { virtualNodes: 128, weights: [0.1, 0.25, 7] },
  ]
  for (const { virtualNodes, weights } of cases) {
    const partition = consistentHash.create({ virtualNodes }, partitionSet(weights.length, weights))
    const loads = new Array<number>(weights.length).fill(0)
    for (const placed of placements(partition, keyCount)) loads[placed]!++
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    for (const [index, load] of loads.entries()) {
      const due = (keyCount * weights[index]!) / total
      expect(Math.abs(load - due)).toBeLessThan(0.01 * due + 5 * Math.sqrt(due))
    }
  }
})

test("keys keep their partition by its id, whatever its place in the list", () => {
  const ids = ["pod-a", "pod-b", "pod-c", "pod-d"]
  const named = (names: readonly string[]) => names.map((id, index) => ({ id, index, weight: 1 }))
  const before = consistentHash.create({ virtualNodes: 128 }, named(ids))
  const after = consistentHash.create({ virtualNodes: 128 }, named(ids.slice(1)))
  let moved = 0
  for (let n = 0; n < 10_000; n++) {
    const key = keyBytes(`order-${n}`)!
    if (ids[before(key)] !== ids[1 + after(key)]) moved++
  }
  // A quarter has to move; by index, three quarters would.
  expect(moved).toBeGreaterThan(2_000)
  expect(moved).toBeLessThan(4_000)
})

test("refuses a ring beyond the bound, and says what it would have been", () => {
  const partitions = partitionSet(4, [1, 1, 1, 10_000_000])
  expect(() => consistentHash.create({ virtualNodes: 128 }, partitions)).toThrow(
    /a ring of 1280000384 points; at most 4194304/,
  )
})

test("places by ring and quota, as documented", () => {
  const weights = [1, 2, 0.5, 1]
  const slots = 2 ** 18
  const nodes = weights.map((weight) => Math.max(1, Math.round(8 * weight)))
  const ring = nodes
    .flatMap((count, index) =>
      Array.from({ length: count }, (_, n) => ({ at: Bun.hash.xxHash32(`${index}:${n}`), index })),
    )
    .sort((one, other) => one.at - other.at || one.index - other.index)
  // The shares are 58254.2, 116508.4, 29127.1 and 58254.2; the slot left over goes to the second.
  const quota = [58254, 116509, 29127, 58254]
  const owners = new Uint16Array(slots)
  for (let turn = 0; turn < slots; turn++) {
    const slot = Number.parseInt([...turn.toString(2).padStart(18, "0")].reverse().join(""), 2)
    const first = ring.findIndex(({ at }) => at >= slot * 2 ** 14)
    let point = first === -1 ? 0 : first
    while (quota[ring[point]!.index] === 0) point = (point + 1) % ring.length
    owners[slot] = ring[point]!.index
    quota[ring[point]!.index]!--
  }
  const partition = consistentHash.create({ virtualNodes: 8 }, partitionSet(4, weights))
  for (let n = 0; n < 20_000; n++) {
    const key = `customer-${n}`
    expect([key, partition(keyBytes(key)!)]).toEqual([key, owners[Bun.hash.xxHash32(key) >>> 14]!])
  }
})
