import type { Partitioner, PartitionerGuarantees, PartitionerPlugin } from "../plugin/contract.ts"
import { parseOptions } from "../plugin/parse-options.ts"
import { partitionSet } from "../plugin/partition-set.ts"

/** A partitioner with its options settled: what the checks need of it. */
export interface PartitionerSubject {
  readonly guarantees: PartitionerGuarantees
  /** A new instance for so many partitions. */
  readonly create: (count: number, weights?: readonly number[]) => Partitioner
}

export function partitionerSubject<Options>(
  plugin: PartitionerPlugin<Options>,
  options: Readonly<Record<string, unknown>>,
): PartitionerSubject {
  const { guarantees } = plugin
  return {
    guarantees,
    create: (count, weights) => {
      const parsed = parseOptions(plugin, { ...options, use: plugin.name }) as Options
      return plugin.create(parsed, partitionSet(count, weights))
    },
  }
}

/** Those of the partition counts for which balance and movement are promised. */
export function promised(
  counts: readonly number[],
  { upToPartitions }: PartitionerGuarantees,
): number[] {
  const within = counts.filter((count) => count <= (upToPartitions ?? Number.POSITIVE_INFINITY))
  return upToPartitions === undefined ? within : [...new Set([...within, upToPartitions])]
}
