import type { MemberId } from "./assignor.ts"

/** What a group learns. */
export type GroupEvent =
  /** A member comes, or comes again having lost all that it held. */
  | { readonly kind: "joined"; readonly member: MemberId }
  /**
   * A member says what it holds to a coordinator that has forgotten it, having been started anew: it keeps
   * of that what nobody else has.
   */
  | {
      readonly kind: "returned"
      readonly member: MemberId
      readonly holds: ReadonlySet<number>
    }
  /**
   * What it has acted on and what it holds. Older than what it has said before, or newer than what there
   * is, it only says that it lives.
   */
  | {
      readonly kind: "heard"
      readonly member: MemberId
      readonly actedOn: number
      readonly holds: ReadonlySet<number>
      /** It wants to leave, once others are subscribed to what it has. */
      readonly isLeaving?: boolean
    }
  /** It has closed all its channels. */
  | { readonly kind: "left"; readonly member: MemberId }
  /** Time has passed. */
  | { readonly kind: "ticked" }

/** What is to be done about it, or told of it. */
export type GroupEffect =
  /** It was silent for so long that it is taken for dead. */
  | {
      readonly kind: "expired"
      readonly member: MemberId
      /** Those that it may be subscribed to still. */
      readonly partitions: readonly number[]
    }
  /** It lives, and has not done in time what it was told to, and is a member no more. */
  | {
      readonly kind: "fence"
      readonly member: MemberId
      /** Over which it is fenced. */
      readonly partition: number
      readonly why: "undrained" | "unsubscribed"
      /** Those that it may be subscribed to still. */
      readonly partitions: readonly number[]
    }
  /** A partition's owner is another than before, and the one before was not gone. */
  | {
      readonly kind: "handedOver"
      readonly partition: number
      readonly from: MemberId
      readonly to: MemberId
    }
