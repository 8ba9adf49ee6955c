import { ConfirmWindow } from "./confirm-window.ts"
import { Lane, type LaneOptions } from "./lane.ts"
import type { Parcel, ParcelResult } from "./parcel.ts"

/** What the outbox asks of the world. Calls are synchronous and must not call back into it. */
export interface OutboxPort {
  /** Send on the open channel; the n-th call since `opened` is publish tag n. */
  publish(parcel: Parcel): void
  /** After `delayMs`, and after a declaration of the queue if asked for, call `retry(lane, turn)`. */
  backOff(lane: Lane, turn: number, delayMs: number, declare: boolean): void
}

/**
 * Everything that is to be published and not yet settled: one lane for each queue, all on one
 * channel in confirm mode. Pure bookkeeping: it decides what is sent when, and what becomes of it.
 *
 * Invariants, for each lane:
 * - parcels are first sent in the order they were offered (a lane that may refuse: those of one key);
 * - a refused parcel is sent again before anything behind it is sent for the first time;
 * - after a connect or a refusal one parcel is in flight until its confirm, then all that wait.
 * And for each parcel: it settles exactly once.
 */
export class Outbox {
  readonly #port: OutboxPort
  readonly #lanes = new Set<Lane>()
  #unconfirmed = new ConfirmWindow<Parcel>()
  #open = false
  /** Settled, and not told to their owners yet. */
  #settled: (readonly [parcel: Parcel, result: ParcelResult])[] = []
  #isHeld = false

  constructor(port: OutboxPort) {
    this.#port = port
  }

  /** Publishes without a confirm. */
  get unconfirmed(): number {
    return this.#unconfirmed.size
  }

  /** Stands still exactly as long as the oldest publish is unconfirmed. */
  get oldestTag(): number {
    return this.#unconfirmed.oldestTag
  }

  /** Adds a queue to publish to. */
  addLane(options: LaneOptions): Lane {
    const lane = new Lane(options, {
      publish: (parcel) => {
        this.#unconfirmed.push(parcel)
        this.#port.publish(parcel)
      },
      backOff: (turn, delayMs, declare) => this.#port.backOff(lane, turn, delayMs, declare),
      settled: (parcel, result) => {
        this.#settled.push([parcel, result])
        this.#tellOwners()
      },
    })
    this.#lanes.add(lane)
    if (this.#open) lane.opened()
    return lane
  }

  /** A fresh channel is in confirm mode; tags start at 1. */
  opened(): void {
    this.#unconfirmed = new ConfirmWindow<Parcel>()
    this.#open = true
    for (const lane of this.#lanes) lane.opened()
  }

  /** The channel is gone, with whatever was unconfirmed on it. */
  closed(): void {
    this.#open = false
    this.#unconfirmed = new ConfirmWindow<Parcel>()
    this.#settled.push(...[...this.#lanes].flatMap((lane) => lane.closed()))
    this.#tellOwners()
  }

  /** basic.ack of a publish. */
  confirmed(tag: number, multiple: boolean): void {
    this.#settle(tag, multiple, (parcel) => parcel.lane.confirmed(parcel))
  }

  /** basic.nack of a publish. */
  refused(tag: number, multiple: boolean): void {
    this.#settle(tag, multiple, (parcel) => parcel.lane.refused(parcel))
  }

  /**
   * One frame may be about several lanes: all of them know of it before an owner does, who may offer
   * to a lane that the frame stops.
   */
  #settle(tag: number, multiple: boolean, visit: (parcel: Parcel) => void): void {
    this.#isHeld = true
    try {
      this.#unconfirmed.settle(tag, multiple, visit)
    } finally {
      this.#isHeld = false
    }
    this.#tellOwners()
  }

  #tellOwners(): void {
    if (this.#isHeld) return
    const settled = this.#settled
    this.#settled = []
    for (const [parcel, result] of settled) parcel.letter.settled(parcel, result)
  }

  /** The time to wait that `backOff` asked for is over. */
  retry(lane: Lane, turn: number): void {
    lane.retry(turn)
  }
}
