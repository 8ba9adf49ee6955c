import type { Unavailable } from "../../core/outcome.ts"
import type { Connection } from "../connection.ts"

/** What the groups share that consumers pull from. */
export interface PullShares {
  /** The connection to read on, or why there is none. */
  connect(): Promise<Connection | Unavailable>
  /** Why nothing can be read just now. */
  away(): Unavailable
  /** Takes places for so many partitions; `false` when there are not as many. */
  takePartitions(count: number): boolean
  givePartitions(count: number): void
  /** Of the bytes, for one partition. */
  bytesOfPartition(): number
  /** Places for consumers that wait. */
  readonly waiting: { count: number }
  /** After so long partitions that nobody pulls from are given back. */
  readonly idleMs: number
}
