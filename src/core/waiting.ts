import { Fifo } from "./fifo.ts"
import type { Parcel } from "./parcel.ts"

/** The parcels of one key: one that may be sent or is on its way, and those that wait for it. */
interface KeyLine {
  first: Parcel
  readonly behind: Fifo<Parcel>
}

/** How many that were taken out may be left in the lines before these are cleared of them. */
const goneMax = 256

/**
 * The parcels of a lane that wait to be sent, in order. With `isOnePerKey` those of one key come out
 * one at a time: the next only once the one before has `left` the lane.
 *
 * Every operation costs the same however many wait (`remove` on average over many); `refill` and
 * `toArray` cost as much as there is.
 */
export class Waiting {
  /** What may be sent as soon as the lane sends. */
  readonly #line = new Fifo<Parcel>()
  readonly #keys = new Map<string, KeyLine>()
  #isOnePerKey: boolean
  #size = 0
  /** Removed ones that are still in a line. */
  #gone = 0

  constructor(isOnePerKey: boolean) {
    this.#isOnePerKey = isOnePerKey
  }

  get size(): number {
    return this.#size
  }

  get isOnePerKey(): boolean {
    return this.#isOnePerKey
  }

  push(parcel: Parcel): void {
    parcel.isWaiting = true
    this.#size += 1
    const key = this.#isOnePerKey ? parcel.letter.orderKey : undefined
    const ahead = key === undefined ? undefined : this.#keys.get(key)
    if (ahead !== undefined) {
      ahead.behind.push(parcel)
      return
    }
    if (key !== undefined) this.#keys.set(key, { first: parcel, behind: new Fifo() })
    this.#line.push(parcel)
  }

  /** The next that may be sent. */
  shift(): Parcel | undefined {
    const next = this.#next(this.#line)
    if (next === undefined) return undefined
    next.isWaiting = false
    this.#size -= 1
    return next
  }

  /** A parcel that was taken out is not coming back: the next of its key may be sent. */
  left(parcel: Parcel): void {
    if (this.#keys.size === 0) return
    const key = parcel.letter.orderKey
    const line = key === undefined ? undefined : this.#keys.get(key)
    if (line?.first !== parcel) return
    const next = this.#next(line.behind)
    if (next === undefined) this.#keys.delete(key!)
    else {
      line.first = next
      this.#line.push(next)
    }
  }

  /** Takes a parcel out for good. Returns whether it was waiting. */
  remove(parcel: Parcel): boolean {
    if (!parcel.isWaiting) return false
    parcel.isWaiting = false
    this.#size -= 1
    this.#gone += 1
    this.left(parcel)
    if (this.#gone > goneMax && this.#gone > this.#size) this.#clear()
    return true
  }

  /** All of them, those of one key in order; a copy. */
  toArray(): Parcel[] {
    const behind = [...this.#keys.values()].flatMap((line) => line.behind.toArray())
    return [...this.#line.toArray(), ...behind].filter(isWaiting)
  }

  /** Starts anew with these; none of the lane's parcels may be elsewhere. */
  refill(parcels: readonly Parcel[], isOnePerKey: boolean): void {
    for (const parcel of this.toArray()) parcel.isWaiting = false
    this.#isOnePerKey = isOnePerKey
    this.#line.replace([])
    this.#keys.clear()
    this.#size = 0
    this.#gone = 0
    for (const parcel of parcels) this.push(parcel)
  }

  #next(line: Fifo<Parcel>): Parcel | undefined {
    for (let next = line.shift(); next !== undefined; next = line.shift()) {
      if (next.isWaiting) return next
      this.#gone -= 1
    }
    return undefined
  }

  #clear(): void {
    const lines = [this.#line, ...[...this.#keys.values()].map(({ behind }) => behind)]
    for (const line of lines) line.replace(line.toArray().filter(isWaiting))
    this.#gone = 0
  }
}

const isWaiting = (parcel: Parcel): boolean => parcel.isWaiting
