import { Fifo } from "./fifo.ts"
import type { Parcel } from "./parcel.ts"

/**
 * The parcels of a lane that have been sent and not answered, in the order of sending. One that was
 * taken out may only come back once nothing is in flight.
 *
 * Every operation costs the same however many there are, on average over many; iterating makes a copy.
 */
export class InFlight {
  readonly #line = new Fifo<Parcel>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get oldest(): Parcel | undefined {
    return this.#line.peek()
  }

  add(parcel: Parcel): void {
    parcel.isInFlight = true
    this.#size += 1
    this.#line.push(parcel)
  }

  delete(parcel: Parcel): void {
    parcel.isInFlight = false
    this.#size -= 1
    while (this.#line.peek()?.isInFlight === false) this.#line.shift()
  }

  clear(): void {
    for (const parcel of this) parcel.isInFlight = false
    this.#line.replace([])
    this.#size = 0
  }

  [Symbol.iterator](): Iterator<Parcel> {
    return this.#line
      .toArray()
      .filter(({ isInFlight }) => isInFlight)
      [Symbol.iterator]()
  }
}
