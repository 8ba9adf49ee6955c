import type { Admission, Place } from "../../core/admission.ts"

/**
 * The place of the line that is arriving: it counts the bytes that are held of it. As with a single
 * message, one that takes long to come may lose it to others.
 */
export class ArrivingPlace {
  readonly #admission: Admission
  readonly #evicted: () => void
  #place: Place | undefined
  #bytes = 0

  constructor(admission: Admission, evicted: () => void) {
    this.#admission = admission
    this.#evicted = evicted
  }

  /** A line is complete: what is held next is another one's. */
  leave(): void {
    if (this.#place === undefined) return
    this.#place.leave()
    this.#place = undefined
    this.#bytes = 0
  }

  /** Returns whether there is room for so many bytes in all. */
  hold(bytes: number): boolean {
    if (bytes === this.#bytes) return true
    // A line that has grown too long is not held any more.
    if (bytes < this.#bytes) this.leave()
    if (bytes === 0) return true
    this.#place ??= this.#enter()
    const isRoom = this.#place?.grow(bytes - this.#bytes) ?? false
    if (isRoom) this.#bytes = bytes
    return isRoom
  }

  #enter(): Place | undefined {
    const place = this.#admission.enter(0)
    if (place !== undefined) place.onEvicted = this.#evicted
    return place
  }
}
