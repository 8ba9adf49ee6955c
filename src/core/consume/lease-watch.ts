export interface LeaseTimes {
  /** How long after a sign of the broker's what is ours is certainly still ours. */
  readonly lastsMs: number
  /** How long after a question the next is due. */
  readonly askMs: number
  /** What went on for so long without the event loop coming round may have missed anything: a gap. */
  readonly gapMs: number
}

/**
 * `certain`: something may be begun. `doubtful`: not before the broker has answered. `over`: never again.
 */
export type LeaseStanding = "certain" | "doubtful" | "over"

/**
 * What a member knows of whether its partitions are still its own. Two things end that without its
 * hearing of it: the broker falls silent, or the process stands still while the broker gives up its
 * connection, be it only for a moment. After a *gap* what waits in the process and what it reads next
 * may have been another's for as long as that lasted; only an answer to a question that was asked
 * afterwards shows that the connection is still there, as all that the broker said before comes first.
 *
 * A process that is so busy that each of its turns is a gap would never be certain again: so as long as it
 * is in doubt, a gap has to be twice as long with each answer that a further one has made worthless.
 *
 * Pure: time comes with the calls. Whatever is called looks for a gap first, since nobody knows what
 * happens first when a process goes on.
 */
export class LeaseWatch {
  readonly #times: LeaseTimes
  /** When the question was asked that was answered last. */
  #provenMs: number
  /** When the event loop came round last. */
  #turnedMs: number
  /** When a gap was noticed that no answer has dispelled yet. */
  #doubtfulSinceMs: number | undefined
  /** How long a gap is just now. */
  #gapMs: number
  /** Of the question that is under way. */
  #askedMs: number | undefined
  #nextAskMs: number
  #isOver = false

  constructor(times: LeaseTimes, nowMs: number) {
    this.#times = times
    this.#provenMs = nowMs
    this.#turnedMs = nowMs
    this.#nextAskMs = nowMs + times.askMs
    this.#gapMs = times.gapMs
  }

  /** How long ago the broker was asked what it has answered. */
  silentMs(nowMs: number): number {
    return nowMs - this.#provenMs
  }

  standing(nowMs: number): LeaseStanding {
    const seenMs = Math.max(this.#turnedMs, this.#doubtfulSinceMs ?? this.#turnedMs)
    if (nowMs - seenMs > this.#gapMs) this.#doubtfulSinceMs = nowMs
    this.#isOver ||= this.silentMs(nowMs) > this.#times.lastsMs
    if (this.#isOver) return "over"
    return this.#doubtfulSinceMs === undefined ? "certain" : "doubtful"
  }

  /** The event loop has come round. To be called far more often than every `gapMs`. */
  turned(nowMs: number): void {
    this.standing(nowMs)
    this.#turnedMs = nowMs
  }

  /** Whether to ask the broker now; if so, that counts as done. One question is under way at a time. */
  takeQuestion(nowMs: number): boolean {
    const standing = this.standing(nowMs)
    if (standing === "over" || this.#askedMs !== undefined) return false
    if (standing === "certain" && nowMs < this.#nextAskMs) return false
    this.#askedMs = nowMs
    this.#nextAskMs = nowMs + this.#times.askMs
    return true
  }

  answered(nowMs: number): void {
    this.standing(nowMs)
    const askedMs = this.#askedMs
    this.#askedMs = undefined
    if (askedMs === undefined) return
    this.#provenMs = askedMs
    this.#turnedMs = Math.max(this.#turnedMs, askedMs)
    const sinceMs = this.#doubtfulSinceMs
    if (sinceMs === undefined) return
    if (askedMs >= sinceMs) {
      this.#doubtfulSinceMs = undefined
      this.#gapMs = this.#times.gapMs
    } else this.#gapMs = Math.min(2 * this.#gapMs, this.#times.lastsMs)
  }

  /** The broker refused to answer, which proves nothing. */
  unanswered(): void {
    this.#askedMs = undefined
  }
}
