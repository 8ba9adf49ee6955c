import type { Held } from "./held.ts"

export interface LeaseRules {
  /** How often a message may be given out before it is a dead letter. */
  readonly deliveriesMax: number
  /** Leases of one partition that went with its channel and are remembered. */
  readonly lostMax: number
}

/** What is to be held. */
export interface Arrival<Message> {
  readonly partition: number
  readonly message: Message
  readonly bytes: number
  /** The keys that it may have; none for a message without a key. */
  readonly keys: readonly string[]
}

/** Who asks for messages, and how many. */
export interface Taking {
  readonly consumer: string
  readonly max: number
  /** After the first of them no more are given than these bytes hold. */
  readonly bytesMax: number
  readonly visibilityTimeoutMs: number
}

/** A message that was given to a consumer. */
export interface Lease<Message> {
  readonly number: number
  readonly message: Message
  /** How often it was given out, this time included. */
  readonly deliveries: number
}

/** A message that was given out as often as it may be, and is to become a dead letter. */
export interface Leaving<Message> {
  readonly message: Message
  readonly deliveries: number
  readonly held: Held<Message>
}

export interface LeaseCounts {
  readonly delivered: number
  readonly acked: number
  readonly expired: number
}
