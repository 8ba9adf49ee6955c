import type { Lane } from "./lane.ts"

/** Why a parcel was given up. */
export type ParcelFailure =
  /** The broker refused it and its owner did not want to wait. */
  | "refused"
  /** The queue does not exist and could not be made. */
  | "returned"
  /** It was on its way when the connection was lost, or when another of its lane came back. */
  | "lost"
  /** It was never sent. */
  | "unsent"
  /** Its body, or its header, is larger than the broker takes. */
  | "tooLarge"
  /** The broker closed the channel over it, `bounds.strikesMax` times, and over nothing else. */
  | "unacceptable"

/** What the owner of a parcel learns, once. */
export type ParcelResult = "confirmed" | ParcelFailure

/** What a message is made of: the property list (flags and values) and the body. */
export interface Content {
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

/** A message as its owner hands it over; one may be offered to several lanes. */
export interface Letter extends Content {
  /** Equal for messages that must keep their order; `undefined` for none. */
  readonly orderKey: string | undefined
  /** Sent again after a lost connection and for as long as the broker refuses it. */
  readonly persistent: boolean
  /** Called once for each parcel, possibly before `offer` returns to its caller's caller. */
  settled(parcel: Parcel, result: ParcelResult): void
}

/** One letter on its way to one queue. */
export interface Parcel {
  readonly letter: Letter
  readonly lane: Lane
  /** Place in the lane's order. */
  readonly seq: number
  sends: number
  /** How often the broker closed the channel with this one alone unconfirmed on it. */
  strikes: number
  /** It is among those of its lane that are neither in flight nor refused in this round. */
  isWaiting: boolean
  /** It has been sent on the open channel and not been answered. */
  isInFlight: boolean
  /** Its owner gave it up: settled on the next occasion, never sent (again). */
  abandoned: boolean
  /**
   * It was in flight when a channel was lost, or another of its lane came back: it may have arrived,
   * whatever becomes of it now.
   */
  maybeArrived: boolean
  /** A return arrived while it was in flight, so a confirm does not mean that it is in the queue. */
  suspect: boolean
  /** It was refused or, as far as can be told, returned: this time it is certainly not in the queue. */
  missed: boolean
  /** Once it has settled. */
  result: ParcelResult | undefined
}

export const newParcel = (letter: Letter, lane: Lane, seq: number): Parcel => ({
  letter,
  lane,
  seq,
  sends: 0,
  strikes: 0,
  isWaiting: false,
  isInFlight: false,
  abandoned: false,
  maybeArrived: false,
  suspect: false,
  missed: false,
  result: undefined,
})

/** A parcel that its lane has let go of, and why. */
export type GivenUp = readonly [parcel: Parcel, failure: ParcelFailure]

/** What becomes of a parcel whose channel is lost; `undefined`: it is sent again on the next. */
export function failureOfClosing({ letter, abandoned, sends }: Parcel): ParcelFailure | undefined {
  if (letter.persistent && !abandoned) return undefined
  return sends === 0 ? "unsent" : "lost"
}

export const bySeq = (a: Parcel, b: Parcel): number => a.seq - b.seq
