import type { PartitionKey } from "../../core/key.ts"
import type { Unavailable } from "../../core/outcome.ts"
import type { Lease, LeaseCounts, Taking } from "../../core/pull/lease.ts"

/** A message as it is given to those who pull. */
export interface Pulled {
  readonly partition: number
  readonly queue: string
  readonly deliveryTag: number
  /** Of the connection that it came on. */
  readonly frameMax: number
  readonly key: PartitionKey | undefined
  /** Property list without what the queue added when it delivered again. */
  readonly properties: Uint8Array
  readonly body: Uint8Array
  /** Deliveries of before it came here, as far as the broker tells. */
  readonly deliveredBefore: number
}

export type ReceiveOutcome =
  /** None when there were none in time. */
  { readonly kind: "messages"; readonly leases: readonly Lease<Pulled>[] } | Unavailable

export interface PullCounts extends LeaseCounts {
  readonly deadLettered: number
  /** Messages that are leased. */
  readonly leased: number
  /** Messages that are here, those that are leased included. */
  readonly held: number
  /** Consumers that wait for messages. */
  readonly waiting: number
}

/** What those who pull from one group can do. Leases are named by their numbers. */
export interface GroupPull {
  readonly counts: PullCounts
  /**
   * Gives messages as soon as there are some, or none once `waitMs` is over or one of the signals is
   * aborted.
   */
  receive(taking: Taking, waitMs: number, signals: readonly AbortSignal[]): Promise<ReceiveOutcome>
  /** `false`, here and below, for a lease that is none any more. */
  ack(lease: number): boolean
  nack(lease: number, delayMs: number): boolean
  extend(lease: number, visibilityTimeoutMs: number): boolean
  /** What a consumer has, oldest first. */
  leasesOf(consumer: string): readonly Lease<Pulled>[]
}

/** All groups that can be pulled from. */
export interface Pull {
  readonly all: readonly {
    readonly topic: string
    readonly group: string
    readonly pull: GroupPull
  }[]
  of(topic: string, group: string): GroupPull | undefined
}
