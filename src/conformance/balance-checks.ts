import { type Check, ConformanceFailure } from "./check.ts"
import { placements } from "./key-stream.ts"
import { type PartitionerSubject, promised } from "./partitioner-subject.ts"

const keyCount = 2 ** 20
const allowedError = 0.05
const sigmas = 4

/**
 * Holds a partitioner that says it is balanced to 5 %, with equal weights and, if it can weigh,
 * with weights of 1 to 4.
 *
 * The 5 % are about the partitioner, not about luck: even a perfect one spreads 100,000 keys over
 * 64 partitions with a standard deviation of 2.5 % a partition, and the worst partition is commonly
 * 6 to 7 % off. So 2^20 keys are placed (0.8 % at 64 partitions), and a partition may be off by 5 %
 * of its expected keys plus four standard deviations of chance, the square root of that number. A
 * perfect partitioner fails this about once in ten thousand tries, one that is 9 % off at 64
 * partitions does not pass it, nor does a plain ring of 128 virtual nodes, which is 28 % off.
 */
export function balanceChecks(subject: PartitionerSubject): Check[] {
  if (!subject.guarantees.balanced) return []
  const checks = promised([2, 3, 16, 64], subject.guarantees).map((count) => ({
    name: `gives each of ${count} partitions its share within 5 %`,
    run: () => isBalanced(subject, new Array<number>(count).fill(1)),
  }))
  if (!subject.guarantees.weighted) return checks
  const weighted = promised([3, 64], subject.guarantees).map((count) => ({
    name: `gives each of ${count} partitions with weights from 1 to 4 its share within 5 %`,
    run: () =>
      isBalanced(
        subject,
        Array.from({ length: count }, (_, index) => 1 + (index % 4)),
      ),
  }))
  return [...checks, ...weighted]
}

function isBalanced({ create }: PartitionerSubject, weights: readonly number[]): void {
  const loads = new Float64Array(weights.length)
  for (const placed of placements(create(weights.length, weights), keyCount)) loads[placed]!++
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    const expected = (keyCount * weight) / total
    const off = Math.abs(loads[index]! - expected)
    if (off <= allowedError * expected + sigmas * Math.sqrt(expected)) continue
    throw new ConformanceFailure(
      `partition ${index} of ${weights.length} (weight ${weight}) got ${loads[index]} of ` +
        `${keyCount} keys, ${((100 * off) / expected).toFixed(1)} % off its share ` +
        `of ${Math.round(expected)}`,
    )
  }
}
