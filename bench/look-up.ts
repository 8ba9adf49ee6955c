/**
 * What placing one key costs, per partitioner and partition count, in nanoseconds: the median of
 * several rounds over the same keys, the partitioners taking turns. `bun bench/look-up.ts`
 */
import { keyBytes, type PartitionKey } from "../src/core/key.ts"
import { builtInPartitioners } from "../src/plugin/built-in.ts"
import { loadPartitioner } from "../src/plugin/load-partitioner.ts"
import { partitionSet } from "../src/plugin/partition-set.ts"

const counts = [8, 64, 512] as const
const rounds = 7
const keys: readonly PartitionKey[] = Array.from(
  { length: 100_000 },
  (_, n) => keyBytes(`customer-${n}`)!,
)

const entries = await Promise.all(
  counts.flatMap((count) =>
    builtInPartitioners.map(async (use) => {
      const partitions = partitionSet(count)
      const { partition } = await loadPartitioner({ use }, { baseDir: ".", partitions })
      return { use, count, partition, nanoseconds: [] as number[] }
    }),
  ),
)

let sink = 0
for (let round = 0; round < rounds; round++) {
  for (const { partition, nanoseconds } of entries) {
    const startedNs = Bun.nanoseconds()
    for (const key of keys) sink += partition(key)
    nanoseconds.push((Bun.nanoseconds() - startedNs) / keys.length)
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!
const rows = entries.map(({ use, count, nanoseconds }) => ({
  partitioner: use,
  partitions: count,
  "median ns": Number(median(nanoseconds).toFixed(1)),
  "fastest ns": Number(Math.min(...nanoseconds).toFixed(1)),
}))
if (process.argv.includes("--json")) console.log(JSON.stringify(rows))
else console.table(rows)
// Reading the sum keeps the loops from being left out.
if (!Number.isFinite(sink)) throw new Error("a partitioner returned no number")
