import type { GenericSchema } from "valibot"
import type { KeyValue, PartitionKey } from "../core/key.ts"
import type { MessageView } from "../core/message.ts"

/**
 * Finds the partition key of a message: a value, or `undefined` for "no key here", in which case
 * the next configured extractor is asked. Synchronous and without side effects: what it is given,
 * the bytes of body and headers included, is the message itself, and writing to it is forbidden.
 * What it throws rejects that one message.
 */
export type KeyExtractor = (message: MessageView) => KeyValue | undefined

/**
 * Puts a key into a partition: the `index` of one of the partitions it was created for.
 * Synchronous, deterministic, and called for every message: do the costly part in `create`. Writing
 * to the key is forbidden; it is a copy for this one call.
 */
export type Partitioner = (key: PartitionKey) => number

/** One partition as a partitioner sees it. */
export interface Partition {
  /** 0-based, dense. */
  readonly index: number
  /** Stable identity; hash this and not the index where a partition's place must survive others. */
  readonly id: string
  /** Share of the keys relative to the others, > 0. @default 1 */
  readonly weight: number
}

/** What a partitioner promises; the conformance suite holds it to every promise made. */
export interface PartitionerGuarantees {
  /** The same key and partitions give the same partition, in every process, for ever. */
  readonly deterministic: boolean
  /**
   * Each partition's expected share of the keys is within 5 % of its weight's. What a finite number
   * of keys adds by chance comes on top, for any partitioner.
   */
  readonly balanced: boolean
  /**
   * How many keys change partition when one is added or the last one removed. `minimal`: only keys
   * that go to the new one or come from the removed one. `low`: at most 2.5 times as many. `any`:
   * nothing is promised, nearly all may move.
   */
  readonly movement: "minimal" | "low" | "any"
  /** Weights are honoured; without it, weights other than 1 are refused. */
  readonly weighted: boolean
  /** Balance and movement are promised up to this many partitions. @default any number */
  readonly upToPartitions?: number
}

export type PluginKind = "key-extractor" | "partitioner"

/** A key extractor plugin. */
export interface KeyExtractorPlugin<Options = unknown> {
  readonly kind: "key-extractor"
  readonly name: string
  /** The valibot schema that the configured options are parsed with; without one it takes none. */
  readonly options?: GenericSchema<unknown, Options>
  readonly create: (options: Options) => KeyExtractor
}

/** A partitioner plugin; `create` runs once per generation and may take its time. */
export interface PartitionerPlugin<Options = unknown> {
  readonly kind: "partitioner"
  readonly name: string
  /** The valibot schema that the configured options are parsed with; without one it takes none. */
  readonly options?: GenericSchema<unknown, Options>
  readonly guarantees: PartitionerGuarantees
  readonly create: (options: Options, partitions: readonly Partition[]) => Partitioner
}

/** Declares a key extractor; `kind` is filled in. */
export function defineKeyExtractor<Options>(
  plugin: Omit<KeyExtractorPlugin<Options>, "kind">,
): KeyExtractorPlugin<Options> {
  return Object.freeze({ kind: "key-extractor", ...plugin })
}

/** Declares a partitioner; `kind` is filled in. */
export function definePartitioner<Options>(
  plugin: Omit<PartitionerPlugin<Options>, "kind">,
): PartitionerPlugin<Options> {
  return Object.freeze({ kind: "partitioner", ...plugin })
}
