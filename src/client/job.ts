import type { Delivery } from "../broker/content-reader.ts"
import type { ConsumedMessage } from "./consumed-message.ts"
import type { Poison } from "./poison.ts"

/** A message that was delivered and is not acked. */
export interface Job {
  readonly message: ConsumedMessage
  readonly delivery: Delivery
  /** Runs of the handler that have failed. */
  failures: number
  /** It is to be handled no more. */
  poison?: Poison
  /** Times that it could not be put away. */
  poisonFailures: number
  /** It is none of a producer's, but shows that all before it in a parking queue are done. */
  readonly marker?: string
}
