import { bounds } from "../core/bounds.ts"
import { LeaseWatch } from "../core/consume/lease-watch.ts"

export interface LeaseOptions {
  /** How long after a sign of the broker's what is ours is certainly still ours. */
  readonly lastsMs: number
  /** A round trip to the broker, on the connection that what is ours comes on. */
  readonly ask: () => Promise<unknown>
  /** Something may be begun again that might not for a moment. */
  readonly certain: () => void
  /** It has run out; called once. */
  readonly ranOut: (silentMs: number) => void
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/**
 * What was delivered is ours as long as the broker has our channel, and a process that stood still, or
 * lost its way to the broker, learns late that it has not. So the broker is asked again and again, and
 * counts as agreeing for some time from when it was *asked*; once that is over nothing may be begun.
 * After a moment of standing still nothing may be begun before it was asked anew.
 */
export class Lease {
  readonly #options: LeaseOptions
  readonly #watch: LeaseWatch
  readonly #timer: ReturnType<typeof setInterval>
  #isOver = false

  constructor(options: LeaseOptions) {
    this.#options = options
    const { lastsMs, now } = options
    const askMs = Math.min(bounds.leaseCheckMs, lastsMs / bounds.heartbeatsPerSession)
    this.#watch = new LeaseWatch({ lastsMs, askMs, gapMs: bounds.leaseGapMs }, now())
    this.#timer = setInterval(() => this.#turn(), Math.min(bounds.leaseTickMs, askMs))
  }

  /** Whether something may be begun at this moment: looks at the clock, and asks the broker if it must. */
  get mayBegin(): boolean {
    if (this.#isOver) return false
    const nowMs = this.#options.now()
    const standing = this.#watch.standing(nowMs)
    if (standing === "over") this.#runOut(nowMs)
    else if (standing === "doubtful") this.#ask(nowMs)
    return standing === "certain"
  }

  end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  #turn(): void {
    const nowMs = this.#options.now()
    this.#watch.turned(nowMs)
    if (this.#watch.standing(nowMs) === "over") this.#runOut(nowMs)
    else this.#ask(nowMs)
  }

  #runOut(nowMs: number): void {
    this.end()
    this.#options.ranOut(this.#watch.silentMs(nowMs))
  }

  #ask(nowMs: number): void {
    if (!this.#watch.takeQuestion(nowMs)) return
    this.#options.ask().then(
      () => this.#answered(),
      // A connection that is lost says so itself.
      () => this.#watch.unanswered(),
    )
  }

  #answered(): void {
    const { now, certain } = this.#options
    if (this.#isOver) return
    const wasCertain = this.#watch.standing(now()) === "certain"
    this.#watch.answered(now())
    if (!wasCertain && this.mayBegin) certain()
  }
}

/** How long one lasts, of a member with these heartbeats to PartyMQ and those agreed on with the broker. */
export function leaseMs(
  { heartbeatIntervalMs }: { readonly heartbeatIntervalMs: number },
  { heartbeat: heartbeatSeconds }: { readonly heartbeat: number },
): number {
  // PartyMQ gives a member up after the one, the broker its connection after twice the other.
  const sessionMs = heartbeatIntervalMs * bounds.heartbeatsPerSession
  const heartbeatMs = heartbeatSeconds * 1_000
  return heartbeatMs > 0 ? Math.min(sessionMs, heartbeatMs * 1.5) : sessionMs
}
