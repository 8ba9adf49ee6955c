import { bounds } from "../core/bounds.ts"
import type { Log } from "../log.ts"

/** Something that lasts for a while and is worth a line when it begins and one when it is over. */
export interface Condition {
  /** Equal for the same condition. */
  readonly subject: string
  /** What is logged beside both lines. */
  readonly fields: { readonly [name: string]: unknown }
  readonly begun: string
  readonly over: string
  /** Said only once it has lasted so long. @default 0 */
  readonly afterMs?: number
  /** Whether it goes on. */
  readonly lasts: () => boolean
}

interface Noted {
  readonly condition: Condition
  readonly sinceMs: number
  lastMs: number
  isSaid: boolean
}

/**
 * Two lines for a condition, however often it is noted: one when it begins, one when it has been over
 * for `conditionCalmMs`. So what comes and goes with every message does not write with every message,
 * and when many begin at once only `conditionsSaidMax` of them are said, with a line for the rest.
 */
export class ConditionLog {
  readonly #log: Log
  readonly #nowMs: () => number
  readonly #noted = new Map<string, Noted>()
  #said = 0
  #isTruncated = false

  /** @param nowMs a clock that never goes back */
  constructor(log: Log, nowMs: () => number) {
    this.#log = log
    this.#nowMs = nowMs
  }

  /** The condition holds: it begins, or goes on. */
  note(condition: Condition): void {
    const nowMs = this.#nowMs()
    let noted = this.#noted.get(condition.subject)
    if (noted === undefined) {
      noted = { condition, sinceMs: nowMs, lastMs: nowMs, isSaid: false }
      this.#noted.set(condition.subject, noted)
    }
    noted.lastMs = nowMs
    if (!noted.isSaid && nowMs - noted.sinceMs >= (condition.afterMs ?? 0)) this.#say(noted)
  }

  /** To be called regularly: looks which conditions go on, and says which are over. */
  check(): void {
    const nowMs = this.#nowMs()
    for (const [subject, { condition, lastMs, isSaid }] of this.#noted) {
      if (condition.lasts()) this.note(condition)
      // What was never said can be over without a word, and begins anew if it comes again.
      else if (!isSaid || nowMs - lastMs >= bounds.conditionCalmMs) this.#end(subject)
    }
  }

  #say(noted: Noted): void {
    if (this.#said < bounds.conditionsSaidMax) {
      noted.isSaid = true
      this.#said += 1
      this.#log.warn(noted.condition.fields, noted.condition.begun)
    } else if (!this.#isTruncated) {
      this.#isTruncated = true
      this.#log.warn({ said: this.#said }, "more of the same begins, and is not said one by one")
    }
  }

  #end(subject: string): void {
    const { condition, sinceMs, lastMs, isSaid } = this.#noted.get(subject)!
    this.#noted.delete(subject)
    if (!isSaid) return
    this.#said -= 1
    if (this.#said === 0) this.#isTruncated = false
    const seconds = Math.round((lastMs - sinceMs) / 1000)
    this.#log.info({ ...condition.fields, seconds }, condition.over)
  }
}
