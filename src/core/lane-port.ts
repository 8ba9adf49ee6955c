import type { Backoff } from "./backoff.ts"
import type { Letter, Parcel, ParcelResult } from "./parcel.ts"
import type { GroupStats } from "./stats.ts"

export interface LaneOptions {
  readonly queue: string
  /** The exchange for which `queue` is the routing key. @default the default exchange */
  readonly exchange?: string
  /**
   * The queue can refuse one message and take a later one: one in flight for each key. A lane that
   * was refused something does so from then on, whatever is said here.
   */
  readonly mayRefuse: boolean
  /** Rounds in a row that end with a return, after which the parcels are given up. */
  readonly returnsMax: number
  readonly backoff: Backoff
  /** 0 <= random() < 1, for jitter. */
  readonly random: () => number
  readonly stats: GroupStats
}

export interface LanePort {
  /** Whether the broker takes a body of that size. */
  fits(letter: Letter): boolean
  /** Whether anything may be published just now; if not, `resume` follows. */
  mayPublish(): boolean
  /** Whether so many had better wait for company; if so, `release` follows. */
  holds(waiting: number): boolean
  publish(parcel: Parcel): void
  backOff(turn: number, delayMs: number, declare: boolean): void
  /** The lane has let go of a parcel; its owner is to be told, and may then offer another. */
  settled(parcel: Parcel, result: ParcelResult): void
}

/**
 * Where a lane stands:
 *
 * - `closed`: no channel. Entry: in-flight and refused parcels go back to the front, in order, except
 *   those that are not persistent, which settle. Exit: `opened` -> probing.
 * - `probing`: at most one parcel in flight. Exit: its confirm -> open; its refusal -> settling.
 * - `open`: everything goes out as it comes, or with what comes soon after it (`Gathering`). Exit: a
 *   refusal or a return -> settling.
 * - `settling`: nothing is sent; what is in flight gets its confirms. Exit: the last of them, with
 *   what was refused put back to the front in order -> backingOff, or probing when nothing was and
 *   no queue is to be declared.
 * - `backingOff`: nothing is sent. Exit: `retry` with the turn of this wait -> probing.
 *
 * A refusal says that the queue can refuse (a broker policy may limit its length): with the end of
 * that round the lane keeps to one in flight for each key, for good.
 */
export type LaneState = "closed" | "probing" | "open" | "settling" | "backingOff"
