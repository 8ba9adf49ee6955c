import { backoffDelayMs } from "./backoff.ts"
import { InFlight } from "./in-flight.ts"
import type { LaneOptions, LanePort, LaneState } from "./lane-port.ts"
import { likeliest } from "./likeliest.ts"
import { OrderWatch } from "./order-watch.ts"
import {
  bySeq,
  type Content,
  failureOfClosing,
  type GivenUp,
  type Letter,
  newParcel,
  type Parcel,
  type ParcelFailure,
} from "./parcel.ts"
import { triage } from "./triage.ts"
import { Waiting } from "./waiting.ts"

export type { LaneOptions } from "./lane-port.ts"
export type { Letter, Parcel, ParcelFailure, ParcelResult } from "./parcel.ts"

/** The way to one queue, on the channel of the outbox. `LaneState` tells how it moves. */
export class Lane {
  readonly options: LaneOptions
  readonly #port: LanePort
  readonly #waiting: Waiting
  readonly #inFlight = new InFlight()
  #refused: Parcel[] = []
  #state: LaneState = "closed"
  #canRefuse: boolean
  #seq = 0
  #turn = 0
  /** Refusals and returns in a row, with no confirm between them. */
  #failures = 0
  /** Rounds in a row in which something was returned. */
  #returns = 0
  #sawReturn = false
  readonly #order = new OrderWatch()
  #confirmed = 0

  constructor(options: LaneOptions, port: LanePort) {
    this.options = options
    this.#port = port
    this.#canRefuse = options.mayRefuse
    this.#waiting = new Waiting(options.mayRefuse)
  }

  get queue(): string {
    return this.options.queue
  }

  get state(): LaneState {
    return this.#state
  }

  /** Parcels that have not settled. */
  get size(): number {
    return this.#waiting.size + this.#inFlight.size + this.#refused.length
  }

  /** What the queue has certainly been given since the start, and what it may have besides. */
  get given(): { readonly confirmed: number; readonly inFlight: number } {
    return { confirmed: this.#confirmed, inFlight: this.#inFlight.size }
  }

  /** Whether nothing of it is unconfirmed. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0
  }

  get oldestInFlight(): Parcel | undefined {
    return this.#inFlight.oldest
  }

  /** Takes a letter; it is sent behind everything that was offered before. */
  offer(letter: Letter): Parcel {
    const parcel = newParcel(letter, this, this.#seq++)
    if (!this.#port.fits(letter)) {
      this.#port.settled(parcel, "tooLarge")
      return parcel
    }
    this.#waiting.push(parcel)
    this.#pump()
    return parcel
  }

  /** Its owner wants it no more: one that waits settles now, one in flight with its confirm. */
  abandon(parcel: Parcel): void {
    if (parcel.abandoned) return
    parcel.abandoned = true
    if (!this.#waiting.remove(parcel)) return
    const sent = parcel.maybeArrived ? "lost" : "refused"
    this.#port.settled(parcel, parcel.sends === 0 ? "unsent" : sent)
  }

  opened(): void {
    this.#probe()
  }

  /** Publishing is allowed again. */
  resume(): void {
    this.#pump()
  }

  /** What waited for company goes out. */
  release(): void {
    if (this.#state === "open") this.#sendAll()
  }

  /** Returns what it gave up, by itself or by `judge`; to be settled once every lane is closed. */
  closed(judge: (parcel: Parcel) => ParcelFailure | undefined): GivenUp[] {
    const sent = [...this.#inFlight, ...this.#refused]
    const all = [...sent, ...this.#waiting.toArray()].sort(bySeq)
    this.#inFlight.clear()
    this.#refused = []
    this.#order.reset()
    this.#sawReturn = false
    this.#state = "closed"
    this.#turn += 1
    const given: GivenUp[] = []
    const kept: Parcel[] = []
    for (const parcel of all) {
      parcel.suspect = false
      parcel.missed = false
      const failure = judge(parcel) ?? failureOfClosing(parcel)
      if (failure === undefined) kept.push(parcel)
      else given.push([parcel, failure])
    }
    this.#waiting.refill(kept, this.#canRefuse)
    return given
  }

  /**
   * The broker returned something of this lane. It does not say by tag what it was, so a confirm says
   * nothing any more about all that is in flight.
   */
  returned(content: Content): void {
    this.options.stats.returned += 1
    this.#sawReturn = true
    for (const parcel of this.#inFlight) parcel.suspect = true
    const parcel = likeliest(content, this.#inFlight)
    if (parcel !== undefined) parcel.missed = true
    if (this.#inFlight.size > 0) this.#state = "settling"
  }

  confirmed(parcel: Parcel): void {
    this.#inFlight.delete(parcel)
    if (parcel.suspect) {
      this.#refused.push(parcel)
      this.#settleWhenQuiet()
      return
    }
    this.#failures = 0
    this.#returns = 0
    // With one in flight for each key none can overtake another.
    if (!this.#waiting.isOnePerKey) {
      this.options.stats.orderViolations += this.#order.confirmed(parcel, this.#inFlight.oldest)
    }
    if (this.#state === "probing") this.#state = "open"
    this.options.stats.confirmed += 1
    this.#confirmed += 1
    this.#waiting.left(parcel)
    this.#port.settled(parcel, "confirmed")
    if (this.#state === "settling") this.#settleWhenQuiet()
    else this.#pump()
  }

  refused(parcel: Parcel): void {
    this.options.stats.nacked += 1
    this.#canRefuse = true
    parcel.suspect = false
    parcel.missed = true
    this.#inFlight.delete(parcel)
    this.#refused.push(parcel)
    this.#state = "settling"
    this.options.stats.orderViolations += this.#order.refused(parcel)
    this.#settleWhenQuiet()
  }

  /** Whether the wait of that turn is still what keeps the lane from sending. */
  isBackingOff(turn: number): boolean {
    return this.#state === "backingOff" && turn === this.#turn
  }

  retry(turn: number): void {
    if (this.isBackingOff(turn)) this.#probe()
  }

  #probe(): void {
    // Whoever comes after a lull finds the queue repaired, perhaps, and gets all the tries again.
    if (this.#waiting.size === 0) this.#returns = 0
    this.#state = "probing"
    this.#pump()
  }

  #settleWhenQuiet(): void {
    if (this.#inFlight.size > 0) return
    const declare = this.#sawReturn
    this.#failures += 1
    this.#returns = declare ? this.#returns + 1 : 0
    // The queue cannot be made. What waits would fare as what was tried, at the cost of one wait for
    // each, and hold up its source for as long.
    const isHopeless = this.#returns >= this.options.returnsMax
    const { given, again, overtaken } = triage(this.#refused.sort(bySeq), isHopeless)
    this.options.stats.orderViolations += overtaken
    const rest = this.#waiting.toArray()
    if (isHopeless) for (const parcel of rest) given.push([parcel, "returned"])
    this.#sawReturn = false
    this.#refused = []
    this.#order.reset()
    this.#waiting.refill(isHopeless ? again : [...again, ...rest], this.#canRefuse)
    // A missing queue is declared before the next one is tried, even if nothing is to be sent again.
    const isWaiting = again.length > 0 || declare
    this.#state = isWaiting ? "backingOff" : "probing"
    this.#turn += 1
    if (isWaiting) {
      const delayMs = backoffDelayMs(this.options.backoff, this.#failures, this.options.random())
      this.#port.backOff(this.#turn, delayMs, declare)
    }
    for (const [parcel, failure] of given) this.#port.settled(parcel, failure)
    this.#pump()
  }

  #pump(): void {
    if (this.#state === "probing") {
      if (this.#inFlight.size === 0) this.#sendNext()
    } else if (this.#state === "open") {
      const { size, isOnePerKey } = this.#waiting
      if (size > 0 && (isOnePerKey || !this.#port.holds(size))) this.#sendAll()
    }
  }

  #sendAll(): void {
    while (this.#sendNext());
  }

  #sendNext(): boolean {
    const next = this.#port.mayPublish() ? this.#waiting.shift() : undefined
    if (next === undefined) return false
    this.#send(next)
    return true
  }

  #send(parcel: Parcel): void {
    if (parcel.sends > 0) this.options.stats.retried += 1
    parcel.sends += 1
    this.#inFlight.add(parcel)
    this.#port.publish(parcel)
  }
}
