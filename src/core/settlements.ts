import type { Parcel, ParcelResult } from "./parcel.ts"

/**
 * What has settled, until its owners are told. An owner that is told may offer more at once, so none is
 * while something is being changed that it must not find half done.
 */
export class Settlements {
  #settled: Parcel[] = []
  #isHeld = false

  /** Its owner is told now or, after `hold`, with `tell`. */
  add(parcel: Parcel, result: ParcelResult): void {
    parcel.result = result
    this.#settled.push(parcel)
    if (!this.#isHeld) this.tell()
  }

  hold(): void {
    this.#isHeld = true
  }

  /** Tells all owners, in the order in which it settled. */
  tell(): void {
    this.#isHeld = false
    if (this.#settled.length === 0) return
    const settled = this.#settled
    // What an owner offers may settle at once.
    this.#settled = []
    for (const parcel of settled) parcel.letter.settled(parcel, parcel.result!)
  }
}
