import type { Place } from "../core/admission.ts"
import { passingBytes } from "../passing-bytes.ts"
import { Timeouts } from "../timeouts.ts"
import type { BodyRead } from "./read-body.ts"

/**
 * Reads small bodies whose size was announced: as a whole, which costs a fraction of what a stream
 * does. Their bytes are counted before they are there, which is why they have to be small: as many as
 * have a place may be announced, and must not take more than all that have places may.
 *
 * The bounds are those of `readBody`. What has arrived of a body that is given up is dropped once the
 * request is answered.
 */
export class AnnouncedBodies {
  readonly #timeouts: Timeouts
  readonly #stopping: AbortSignal
  constructor(timeoutMs: number, stopping: AbortSignal) {
    this.#timeouts = new Timeouts(timeoutMs)
    this.#stopping = stopping
    // One listener for all: adding one for each costs as much as reading the body.
    stopping.addEventListener("abort", () => this.#timeouts.endAll())
  }

  /** Never rejects. */
  read(
    request: Pick<Request, "bytes">,
    announcedBytes: number,
    place: Pick<Place, "grow" | "complete" | "onEvicted">,
  ): Promise<BodyRead> {
    if (this.#stopping.aborted) return Promise.resolve({ kind: "aborted" })
    if (!place.grow(announcedBytes)) return Promise.resolve({ kind: "overloaded" })
    return new Promise((resolve) => {
      const end = (read: BodyRead) => {
        this.#timeouts.stop(timeout)
        place.onEvicted = nothingToEnd
        resolve(read)
      }
      const giveUp = () => end({ kind: this.#stopping.aborted ? "aborted" : "timeout" })
      const timeout = this.#timeouts.start(giveUp)
      place.onEvicted = giveUp
      request.bytes().then(
        (body) => {
          passingBytes.count(body.length)
          const isWhole = body.length === announcedBytes
          if (isWhole && this.#timeouts.isRunning(timeout)) place.complete()
          end(isWhole ? { kind: "body", body } : { kind: "incomplete" })
        },
        () => end({ kind: "incomplete" }),
      )
    })
  }
}

const nothingToEnd = () => {}
