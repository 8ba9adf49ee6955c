import type { Due } from "./due-queue.ts"
import type { HeldPartition } from "./held-partition.ts"

/**
 * Where a message stands that is held for those who pull:
 *
 * - `behind`: an earlier one of its key is still here. Exit: that leaves -> ready.
 * - `ready`: may be given to a consumer. Exit: taken -> leased.
 * - `leased`: given to one. Exit: ack -> gone; nack -> ready, or delayed; the lease ends -> ready; nack
 *   or end of the last delivery that it may have -> leaving.
 * - `delayed`: not to be given for a while. Exit: when it is due -> ready.
 * - `leaving`: on its way to the dead letters. Exit: it has arrived there -> gone; it cannot -> delayed.
 * - `lost`: its channel went while it was leased. It will come again, but its consumer may be at work on
 *   it, and so its key is kept. Exit: when the lease would have ended, or its consumer speaks -> gone.
 *
 * In every state but `gone` it keeps its place in the lines of its keys; it is the first in all of them
 * in every state but `behind`.
 */
export type HeldState = "behind" | "ready" | "leased" | "delayed" | "leaving" | "lost" | "gone"

/** One message that is held. */
export interface Held<Message> extends Due {
  readonly partition: HeldPartition<Message>
  /** `undefined` once it is lost. */
  message: Message | undefined
  readonly bytes: number
  /** The keys that it may have; those of none stand behind nobody. */
  readonly keys: readonly string[]
  state: HeldState
  /** How often it was given to a consumer. */
  deliveries: number
  /** Of the lease that it has, or had last. */
  lease: number
  /** Who has that. */
  consumer: string
}
