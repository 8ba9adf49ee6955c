import type { PartitionKey } from "./key.ts"

/** Where one group's copy of a message goes. */
export interface Placement {
  readonly group: string
  readonly generation: number
  readonly partition: number
  readonly queue: string
}

/** A message on its way in: the AMQP property list as bytes (flags and values), and the body. */
export interface Incoming {
  readonly properties: Uint8Array
  readonly body: Uint8Array
  /** Set outright by the producer; the extractors are not asked. */
  readonly key?: PartitionKey
}

/** Why a message cannot be routed, whenever and however often it is tried. */
export type RejectReason = "missing_key" | "invalid_key" | "invalid_json" | "plugin_error"

/** Why a message is dead-lettered. */
export type DeadLetterReason =
  | RejectReason
  /** The partition queue is missing, and could not be declared either. */
  | "unroutable"
  /** The broker closes the channel over it whenever it is published. */
  | "refused_by_broker"
  /** Not of a source: consumers that pull got it as often as they may, and did not ack it. */
  | "deliveries_exhausted"

/** Why a consumer dead-letters a message. */
export type ConsumerDeadLetterReason =
  /** Its handler failed as often as it may, or said that trying again is no use. */
  "handler_failed"

/** Why a message of a source can be published nowhere, not even as a dead letter. */
export type HoldReason = "body_too_large" | "refused_by_broker"

/** What became of a publish. Expected outcomes are values; only broken invariants throw. */
export type PublishOutcome =
  /** The broker confirmed every group's copy. */
  | {
      readonly kind: "accepted"
      readonly key: PartitionKey | undefined
      readonly placements: readonly Placement[]
    }
  /** Not published; it will be rejected again as it is. */
  | {
      readonly kind: "rejected"
      readonly reason: RejectReason | "body_too_large"
      readonly detail: string
    }
  /** Certainly not in every group's queue, and not waiting to be; may be tried again. */
  | {
      readonly kind: "unavailable"
      readonly code: UnavailableCode
      readonly detail: string
      readonly retryAfterMs: number
    }
  /** Sent, not confirmed in time: it may or may not have arrived. */
  | {
      readonly kind: "unknown"
      readonly code: "confirm_timeout" | "connection_lost"
      readonly detail: string
    }

/** The outcome of a message that was certainly not taken by all, and may be tried again. */
export type Unavailable = Extract<PublishOutcome, { readonly kind: "unavailable" }>

export type UnavailableCode =
  | "broker_away"
  | "broker_blocked"
  | "overloaded"
  /** A partition queue is full. Other groups may have got their copy. */
  | "refused"
  /** A partition queue is missing. Other groups may have got their copy. */
  | "unroutable"
  | "shutting_down"

/** The outcome of what was sent, and not confirmed within the time its sender gives it. */
export const unconfirmed = (timeoutMs: number): PublishOutcome => ({
  kind: "unknown",
  code: "confirm_timeout",
  detail: `no confirm within ${timeoutMs} ms; the message may or may not arrive`,
})
