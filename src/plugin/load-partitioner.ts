import type { PluginUse } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import type {
  Partition,
  Partitioner,
  PartitionerGuarantees,
  PartitionerPlugin,
} from "./contract.ts"
import { importPlugin } from "./import-plugin.ts"
import { parseOptions } from "./parse-options.ts"
import { placementFingerprint, sampleKeys } from "./placement-fingerprint.ts"
import { PluginError } from "./plugin-error.ts"
import { reason } from "./reason.ts"

export interface LoadedPartitioner {
  /** As configured: a name or a path. */
  readonly use: string
  /** As the plugin calls itself. */
  readonly name: string
  readonly guarantees: PartitionerGuarantees
  /** As parsed, defaults filled in: what a generation is to be recorded with. */
  readonly options: unknown
  readonly partition: Partitioner
  /** See `placementFingerprint`; absent for a partitioner that is not deterministic. */
  readonly fingerprint?: string
}

export interface PartitionerPlace {
  /** The configuration file's folder; paths and packages are looked up from there. */
  readonly baseDir: string
  readonly partitions: readonly Partition[]
  /** How long it may take for the sample of keys. @default bounds.placementSampleTimeoutMs */
  readonly sampleTimeoutMs?: number
}

/**
 * Loads a partitioner, creates it for these partitions and tries it on a sample of keys.
 *
 * @throws {PluginError}
 */
export async function loadPartitioner(
  configured: PluginUse,
  { baseDir, partitions, sampleTimeoutMs = bounds.placementSampleTimeoutMs }: PartitionerPlace,
): Promise<LoadedPartitioner> {
  const { use } = configured
  const plugin = await importPlugin(use, "partitioner", baseDir)
  const options = parseOptions(plugin, configured)
  refuseWeights(use, plugin, partitions)
  const partition = created(use, plugin, options, partitions)
  refuseUnfit(use, partition, partitions.length, sampleTimeoutMs)
  const { name, guarantees } = plugin
  const loaded = { use, name, guarantees, options, partition }
  if (!guarantees.deterministic) return Object.freeze(loaded)
  const fingerprint = placementFingerprint(partition)
  if (placementFingerprint(partition) !== fingerprint) {
    throw new PluginError(
      "plugin_placement",
      `plugin "${use}" says that it is deterministic and places the same keys differently ` +
        "the second time",
    )
  }
  return Object.freeze({ ...loaded, fingerprint })
}

function refuseWeights(
  use: string,
  { guarantees }: PartitionerPlugin,
  partitions: readonly Partition[],
): void {
  const weighty = partitions.find(({ weight }) => weight !== 1)
  if (weighty === undefined || guarantees.weighted) return
  throw new PluginError(
    "plugin_weights",
    `plugin "${use}" does not honour weights: partition ${weighty.index} has weight ` +
      `${weighty.weight}, only 1 is allowed (consistent-hash and rendezvous-hash can weigh)`,
  )
}

function created(
  use: string,
  plugin: PartitionerPlugin,
  options: unknown,
  partitions: readonly Partition[],
): Partitioner {
  let partition: Partitioner
  try {
    partition = plugin.create(options, partitions)
  } catch (thrown) {
    throw new PluginError(
      "plugin_create_failed",
      `plugin "${use}": create threw for ${partitions.length} partitions: ${reason(thrown)}`,
      { cause: thrown },
    )
  }
  if (typeof partition === "function") return partition
  throw new PluginError(
    "plugin_create_failed",
    `plugin "${use}": create returned a value of type ${typeof partition}; ` +
      "it must return a function",
  )
}

function refuseUnfit(use: string, partition: Partitioner, count: number, timeoutMs: number): void {
  const sinceMs = performance.now()
  for (const [at, key] of sampleKeys().entries()) {
    const placed = tried(use, partition, key)
    if (!(Number.isInteger(placed) && placed >= 0 && placed < count)) {
      throw new PluginError(
        "plugin_placement",
        `plugin "${use}" put a key into partition ${shownPlace(placed)}; ` +
          `it must be an integer from 0 to ${count - 1}`,
      )
    }
    if (performance.now() - sinceMs <= timeoutMs) continue
    throw new PluginError(
      "plugin_too_slow",
      `plugin "${use}" took over ${timeoutMs} ms to place ${at + 1} keys; it is called for every ` +
        "message, and nothing else goes on meanwhile: do the costly part in create",
    )
  }
}

function shownPlace(placed: unknown): string {
  if (placed instanceof Promise) return "a promise"
  return typeof placed === "string" ? JSON.stringify(placed) : String(placed)
}

function tried(use: string, partition: Partitioner, key: Parameters<Partitioner>[0]): number {
  try {
    return partition(key)
  } catch (thrown) {
    throw new PluginError(
      "plugin_placement",
      `plugin "${use}" threw for a key: ${reason(thrown)}`,
      {
        cause: thrown,
      },
    )
  }
}
