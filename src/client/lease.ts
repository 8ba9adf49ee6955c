import { bounds } from "../core/bounds.ts"

export interface LeaseOptions {
  /** How long after a sign of the broker's what is ours is certainly still ours. */
  readonly lastsMs: number
  /** A round trip to the broker. */
  readonly ask: () => Promise<unknown>
  /** It has run out; called once. */
  readonly ranOut: (silentMs: number) => void
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/**
 * What was delivered is ours as long as the broker has our channel, and a process that stood still, or
 * lost its way to the broker, learns late that it has not. So the broker is asked again and again, and
 * counts as agreeing for some time from when it was *asked*; once that is over nothing may be begun.
 */
export class Lease {
  readonly #options: LeaseOptions
  readonly #timer: ReturnType<typeof setInterval>
  #provenMs: number
  #isAsking = false
  #isOver = false

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#provenMs = options.now()
    const intervalMs = Math.min(bounds.leaseCheckMs, options.lastsMs / bounds.heartbeatsPerSession)
    this.#timer = setInterval(() => this.#check(), intervalMs)
  }

  /** Looks at the clock: true only while it lasts. */
  get lasts(): boolean {
    if (this.#isOver) return false
    const silentMs = this.#options.now() - this.#provenMs
    if (silentMs <= this.#options.lastsMs) return true
    this.end()
    this.#options.ranOut(silentMs)
    return false
  }

  end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  #check(): void {
    if (!this.lasts || this.#isAsking) return
    const askedMs = this.#options.now()
    this.#isAsking = true
    this.#options
      .ask()
      .then(
        () => {
          this.#provenMs = askedMs
        },
        // A connection that is lost says so itself.
        () => {},
      )
      .finally(() => {
        this.#isAsking = false
      })
  }
}
