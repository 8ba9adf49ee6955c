import { expect, test } from "bun:test"
import { keyBytes } from "../../src/core/key.ts"
import { builtInPartitioners } from "../../src/plugin/built-in.ts"
import { loadPartitioner } from "../../src/plugin/load-partitioner.ts"
import { partitionSet } from "../../src/plugin/partition-set.ts"
import pins from "./regression-pins.json"

/**
 * Not vectors from a reference: what this project itself places where, pinned so that no update
 * moves a running group's keys. A change here breaks the order of every group that is in use.
 */
for (const use of builtInPartitioners) {
  test(`${use} places keys where it did in every release`, async () => {
    const loaded = await loadPartitioner({ use }, { baseDir: ".", partitions: partitionSet(16) })
    const placed = Object.keys(pins[use].placements).map((key) => [
      key,
      loaded.partition(keyBytes(key)!),
    ])
    expect(Object.fromEntries(placed)).toEqual(pins[use].placements)
    expect(loaded.fingerprint).toBe(pins[use].fingerprint)
  })
}

test("weighted partitions are pinned too", async () => {
  for (const use of ["consistent-hash", "rendezvous-hash"] as const) {
    const partitions = partitionSet(7, [1, 2, 3, 1, 0.5, 2, 1.25])
    const { fingerprint } = await loadPartitioner({ use }, { baseDir: ".", partitions })
    expect([use, fingerprint]).toEqual([use, pins[use].weightedFingerprint])
  }
})
