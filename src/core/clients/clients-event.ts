import type { QueueSight } from "./client.ts"
import type { ClientId } from "./client-partition.ts"

export type ClientsEvent =
  /** It asks for its routing key. */
  | { readonly kind: "bound"; readonly client: ClientId; readonly queue?: string }
  /** Its queue is declared and bound. */
  | { readonly kind: "ready"; readonly client: ClientId; readonly queue?: string }
  | { readonly kind: "heard"; readonly client: ClientId }
  /** It takes no more messages. */
  | { readonly kind: "unbound"; readonly client: ClientId }
  /** A message for it came back: its queue is not bound. */
  | { readonly kind: "returned"; readonly client: ClientId }
  /** Nothing of these partitions is under way to anybody. */
  | { readonly kind: "stopped"; readonly partitions: readonly number[] }
  /** Its queue was looked at; what was seen is not older than `asOfMs`. */
  | {
      readonly kind: "looked"
      readonly client: ClientId
      readonly queue?: string
      readonly sight: QueueSight
      readonly asOfMs: number
    }
  /** All that it had left in its queue stands in front of the partitions by now. */
  | { readonly kind: "reclaimed"; readonly client: ClientId }
  /** Somebody else has begun to consume its queue: what is left is not PartyMQ's to take. */
  | { readonly kind: "interrupted"; readonly client: ClientId }
  /** A front of a partition has nothing left. */
  | { readonly kind: "frontEmptied"; readonly partition: number; readonly front: number }
  /** Those that have gone quiet are to be found. */
  | { readonly kind: "checked" }
  | { readonly kind: "ticked" }

export type ClientsEffect =
  | { readonly kind: "expired"; readonly client: ClientId }
  /** A partition goes on with another client. */
  | {
      readonly kind: "moved"
      readonly partition: number
      readonly from: ClientId
      readonly to: ClientId
      /** Whether its former owner was seen to have nothing left. */
      readonly how: "drained" | "reclaimed" | "unseen" | "proceeded"
    }
