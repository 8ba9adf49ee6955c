import type { SourceConfig } from "../config/config.ts"
import type { Backoff } from "../core/backoff.ts"
import type { ByteBudget } from "../core/byte-budget.ts"
import type { Dispatch } from "../core/dispatch.ts"
import type { Lane } from "../core/lane.ts"
import type { Log } from "../log.ts"

/** What a source is made of. */
export interface SourceOptions {
  readonly topic: string
  readonly config: SourceConfig
  readonly dispatch: Dispatch
  readonly deadLetters: Lane
  readonly backoff: Backoff
  /** Of all sources on the connection. */
  readonly budget: ByteBudget
  readonly log: Log
}
