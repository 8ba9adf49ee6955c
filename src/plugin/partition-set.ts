import type { Partition } from "./contract.ts"

/**
 * The partitions of a group with a fixed count: the id is the index in decimal, so partition 3 of 8
 * and partition 3 of 9 are the same partition.
 *
 * @param weights one for each partition @default all 1
 */
export function partitionSet(count: number, weights?: readonly number[]): readonly Partition[] {
  return Object.freeze(
    Array.from({ length: count }, (_, index) =>
      Object.freeze({ index, id: String(index), weight: weights?.[index] ?? 1 }),
    ),
  )
}
