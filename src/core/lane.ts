import { type Backoff, backoffDelayMs } from "./backoff.ts"
import { OrderWatch } from "./order-watch.ts"
import type { GivenUp, Letter, Parcel, ParcelResult } from "./parcel.ts"
import type { GroupStats } from "./stats.ts"
import { Waiting } from "./waiting.ts"

export type { Letter, Parcel, ParcelFailure, ParcelResult } from "./parcel.ts"

export interface LaneOptions {
  readonly queue: string
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
  publish(parcel: Parcel): void
  backOff(turn: number, delayMs: number, declare: boolean): void
  /** The lane has let go of a parcel; its owner is to be told, and may then offer another. */
  settled(parcel: Parcel, result: ParcelResult): void
}

/**
 * The way to one queue. States:
 *
 * - `closed`: no channel. Entry: in-flight and refused parcels go back to the front, in order, except
 *   those that are not persistent, which settle. Exit: `opened` -> probing.
 * - `probing`: at most one parcel in flight. Exit: its confirm -> open; its refusal -> settling.
 * - `open`: everything goes out as it comes. Exit: a refusal or a return -> settling.
 * - `settling`: nothing is sent; what is in flight gets its confirms. Exit: the last of them, with
 *   what was refused put back to the front in order -> backingOff, or probing when nothing was and
 *   no queue is to be declared.
 * - `backingOff`: nothing is sent. Exit: `retry` with the turn of this wait -> probing.
 *
 * A refusal says that the queue can refuse (a broker policy may limit its length): with the end of
 * that round the lane keeps to one in flight for each key, for good.
 */
type LaneState = "closed" | "probing" | "open" | "settling" | "backingOff"

export class Lane {
  readonly options: LaneOptions
  readonly #port: LanePort
  readonly #waiting: Waiting
  readonly #inFlight = new Set<Parcel>()
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

  /** Takes a letter; it is sent behind everything that was offered before. */
  offer(letter: Letter): Parcel {
    const parcel: Parcel = {
      letter,
      lane: this,
      seq: this.#seq++,
      sends: 0,
      isWaiting: false,
      abandoned: false,
      maybeArrived: false,
      suspect: false,
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

  /** Returns what it gave up, to be settled once every lane is closed: an owner may offer again. */
  closed(): GivenUp[] {
    for (const parcel of this.#inFlight) parcel.maybeArrived = true
    const sent = [...this.#inFlight, ...this.#refused]
    const all = [...sent, ...this.#waiting.toArray()].sort(bySeq)
    this.#inFlight.clear()
    this.#refused = []
    this.#order.reset()
    this.#sawReturn = false
    this.#state = "closed"
    this.#turn += 1
    const isKept = (parcel: Parcel) => parcel.letter.persistent && !parcel.abandoned
    this.#waiting.refill(all.filter(isKept), this.#canRefuse)
    for (const parcel of all) parcel.suspect = false
    const gone = all.filter((parcel) => !isKept(parcel))
    return gone.map((parcel) => [parcel, parcel.sends === 0 ? "unsent" : "lost"])
  }

  /** The broker returned something of this lane: which one it does not say, so all are suspect. */
  returned(): void {
    this.options.stats.returned += 1
    this.#sawReturn = true
    for (const parcel of this.#inFlight) parcel.suspect = true
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
      const [oldest] = this.#inFlight
      this.options.stats.orderViolations += this.#order.confirmed(parcel, oldest)
    }
    if (this.#state === "probing") this.#state = "open"
    this.options.stats.confirmed += 1
    this.#waiting.left(parcel)
    this.#port.settled(parcel, "confirmed")
    if (this.#state === "settling") this.#settleWhenQuiet()
    else this.#pump()
  }

  refused(parcel: Parcel): void {
    this.options.stats.nacked += 1
    this.#canRefuse = true
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
    const { given, again } = this.#triage(isHopeless)
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

  /** Which of the refused are given up, and why; the rest is sent again. */
  #triage(isHopeless: boolean): { given: GivenUp[]; again: Parcel[] } {
    const given: GivenUp[] = []
    const again: Parcel[] = []
    for (const parcel of this.#refused.sort(bySeq)) {
      if (parcel.abandoned) given.push([parcel, parcel.suspect ? "returned" : "refused"])
      else if (parcel.suspect && isHopeless) given.push([parcel, "returned"])
      else again.push(parcel)
      parcel.suspect = false
    }
    return { given, again }
  }

  #pump(): void {
    if (this.#state === "probing") {
      const first = this.#inFlight.size === 0 ? this.#waiting.shift() : undefined
      if (first !== undefined) this.#send(first)
    } else if (this.#state === "open") {
      let next = this.#waiting.shift()
      for (; next !== undefined; next = this.#waiting.shift()) this.#send(next)
    }
  }

  #send(parcel: Parcel): void {
    if (parcel.sends > 0) this.options.stats.retried += 1
    parcel.sends += 1
    this.#inFlight.add(parcel)
    this.#port.publish(parcel)
  }
}

const bySeq = (a: Parcel, b: Parcel): number => a.seq - b.seq
