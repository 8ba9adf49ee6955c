import type { Lane } from "./lane.ts"
import type { Parcel } from "./parcel.ts"

/** What the outbox asks of the world. Calls are synchronous and must not call back into it. */
export interface OutboxPort {
  /** Send on the open channel; the n-th call since `opened` is publish tag n. */
  publish(parcel: Parcel): void
  /** After `delayMs`, and after a declaration of the queue if asked for, call `retry(lane, turn)`. */
  backOff(lane: Lane, turn: number, delayMs: number, declare: boolean): void
  /** After a millisecond call `gathered()`. */
  gather(): void
}

/** Some queues, by name. */
export interface QueueNames {
  has(queue: string): boolean
}
