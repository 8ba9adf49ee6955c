import type { ConsumedMessage } from "./consumed-message.ts"

/** Why a consumer is no member of its group any more. */
export type FenceReason =
  /** PartyMQ says so: it was not heard of for too long, or did not give a partition back in time. */
  | "unknown_member"
  | "connection_lost"
  /** The broker ended one of its channels, though the queue is there. */
  | "channel_lost"
  /** The broker was not heard of for too long, or this process stood still. */
  | "lease_over"
  /** It was closed, and what ran did not end in time. */
  | "close_timeout"

export interface ConsumerEvents {
  /** It has subscribed to a partition. Messages come once its owner before has given it back. */
  readonly assigned: { readonly partition: number; readonly queue: string }
  /** It has given a partition back, all that it had begun done and acked. */
  readonly revoked: { readonly partition: number; readonly queue: string }
  /**
   * It has lost its membership. What runs is told by its signal, and is waited for; then it joins
   * again. `running` is how many handlers ran.
   */
  readonly fenced: {
    readonly reason: FenceReason
    readonly detail: string
    readonly running: number
  }
  readonly handled: { readonly message: ConsumedMessage }
  /** A run of the handler failed. `willRetry`: it is tried again in place. */
  readonly failed: {
    readonly message: ConsumedMessage
    readonly error: unknown
    readonly attempt: number
    readonly willRetry: boolean
  }
  readonly deadLettered: { readonly message: ConsumedMessage; readonly detail: string }
  /**
   * A message waits in its key's parking queue: because it failed for good, or because an earlier one
   * of its key did.
   */
  readonly parked: { readonly message: ConsumedMessage; readonly detail: string }
  /** All that was parked of a key has been handled, and its messages flow again. */
  readonly resumed: { readonly key: Uint8Array; readonly partition: number }
  /** It is connected to the broker and a member once more. */
  readonly reconnected: { readonly memberId: string }
  /** Something that it tries again by itself: PartyMQ or the broker is away, a queue is gone. */
  readonly trouble: {
    readonly detail: string
    /** Where the broker's user lacks a right: it goes on in vain until somebody grants that. */
    readonly code?: "access_refused"
  }
}

/** What has happened since the start. */
export interface ConsumerCounts {
  assigned: number
  revoked: number
  fenced: number
  handled: number
  failed: number
  deadLettered: number
  parked: number
  resumed: number
  reconnected: number
}
