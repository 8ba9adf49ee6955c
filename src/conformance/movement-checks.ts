import { type Check, ConformanceFailure } from "./check.ts"
import { placements } from "./key-stream.ts"
import { type PartitionerSubject, promised } from "./partitioner-subject.ts"

const keyCount = 2 ** 18
const lowFactor = 2.5
const sigmas = 4

/**
 * Holds a partitioner to how many keys it says move when a partition is added, and so, read
 * backwards, when the last is removed. `minimal` is exact: not one key may move from an old
 * partition to another old one. `low` may move 2.5 times the keys that the new partition is due,
 * plus four standard deviations of chance.
 */
export function movementChecks(subject: PartitionerSubject): Check[] {
  const { movement, weighted } = subject.guarantees
  if (movement === "any") return []
  const counts = promised([2, 3, 9, 65], subject.guarantees).filter((count) => count > 1)
  const checks = counts.map((count) => ({
    name: `moves few keys when partitions go from ${count - 1} to ${count}`,
    run: () => movesFew(subject, new Array<number>(count).fill(1)),
  }))
  if (!weighted) return checks
  const uneven = counts.map((count) => ({
    name: `moves few keys when weighted partitions go from ${count - 1} to ${count}`,
    run: () =>
      movesFew(
        subject,
        Array.from({ length: count }, (_, index) => 1 + (index % 3)),
      ),
  }))
  return [...checks, ...uneven]
}

function movesFew({ create, guarantees }: PartitionerSubject, weights: readonly number[]): void {
  const count = weights.length
  const added = count - 1
  const before = placements(create(added, weights.slice(0, added)), keyCount)
  const after = placements(create(count, weights), keyCount)
  let moved = 0
  let sideways = 0
  for (const [at, placed] of after.entries()) {
    if (placed === before[at]) continue
    moved++
    if (placed !== added) sideways++
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const due = (keyCount * weights[added]!) / total
  if (guarantees.movement === "minimal" && sideways > 0) {
    throw new ConformanceFailure(
      `${sideways} of ${keyCount} keys moved between old partitions when partition ` +
        `${added} was added; "minimal" allows none`,
    )
  }
  if (moved > lowFactor * due + sigmas * Math.sqrt(due)) {
    throw new ConformanceFailure(
      `${moved} of ${keyCount} keys moved when partition ${added} was added, ` +
        `${(moved / due).toFixed(1)} times the ${Math.round(due)} that it is due; ` +
        `"low" allows ${lowFactor}`,
    )
  }
}
