import { bounds } from "./bounds.ts"
import type { Abandonable } from "./dispatch.ts"
import { Fifo } from "./fifo.ts"
import type { PartitionKey } from "./key.ts"
import { type Incoming, type PublishOutcome, unconfirmed } from "./outcome.ts"

/** What became of a line of a batch. */
export type LineOutcome =
  | PublishOutcome
  /** An earlier line of its key failed; `wasSent`: only after this one had been sent, so it may have arrived. */
  | { readonly kind: "afterFailure"; readonly wasSent: boolean }

export interface OrderedLinesOptions {
  readonly send: (message: Incoming, options: LineSending) => Abandonable
  /** The key of a message that is not sent; `undefined` when it has none. */
  readonly keyOf: (message: Incoming) => PartitionKey | undefined
  /** A line without an outcome for this long is given up. */
  readonly timeoutMs: number
  /** In milliseconds. */
  readonly now: () => number
}

export interface LineSending {
  readonly mayGo: (key: PartitionKey | undefined) => boolean
  /** Called once, when nothing of the message is held any more. */
  readonly settled: (outcome: PublishOutcome) => void
}

export interface LineOwner {
  /** Called once. */
  readonly told: (outcome: LineOutcome) => void
  /** Called once, when nothing of the message is held any more: before `told`, or long after it. */
  readonly released: () => void
}

/** A line that has been sent. */
interface Line {
  readonly seq: number
  readonly sentMs: number
  readonly owner: LineOwner
  turns: KeyTurns | undefined
  way: Abandonable | undefined
  outcome: PublishOutcome | undefined
}

/** The lines of one key, from the oldest that is not told on. */
interface KeyTurns {
  readonly key: string
  readonly lines: Fifo<Line>
  /** Number of the earliest line known to have failed. */
  failedSeq: number
}

/**
 * The lines of one batch on their way. Lines are sent without waiting for one another, since a lane
 * keeps the order of a key; what is added here is what a failure means for the lines behind it.
 *
 * Invariant: of two lines of one key the later one is never said to be accepted unless the earlier
 * one was. So
 * - once a line has failed, no later one of its key is sent, and those that wait are taken back;
 * - an outcome is told only when all earlier lines of its key have been told theirs; one that was
 *   accepted after all, because it was on its way when an earlier one failed, is said to be in doubt.
 *
 * A line whose key is not known (none was found, or the line cannot be read) stops no other.
 */
export class OrderedLines {
  readonly #options: OrderedLinesOptions
  readonly #keys = new Map<string, KeyTurns>()
  /** Without an outcome, the oldest first. */
  readonly #open = new Set<Line>()
  #seq = 0
  #failures = 0
  #failedKeyBytes = 0

  constructor(options: OrderedLinesOptions) {
    this.#options = options
  }

  /** Failed lines and their keys are remembered to the end of the batch, so there is an end to that. */
  get hasTooManyFailures(): boolean {
    return (
      this.#failures >= bounds.batchFailuresMax ||
      this.#failedKeyBytes > bounds.batchFailedKeyBytesMax
    )
  }

  publish(message: Incoming, owner: LineOwner): void {
    const { send, now } = this.#options
    const line: Line = {
      seq: this.#seq++,
      sentMs: now(),
      owner,
      turns: undefined,
      way: undefined,
      outcome: undefined,
    }
    let isSkipped = false
    const way = send(message, {
      mayGo: (key) => {
        isSkipped = key !== undefined && !this.#queue(line, key)
        if (!isSkipped) this.#open.add(line)
        return !isSkipped
      },
      settled: (outcome) => {
        owner.released()
        if (line.turns === undefined) this.#failUnqueued(message, outcome)
        this.#settle(line, outcome)
      },
    })
    if (isSkipped) {
      owner.released()
      this.#tell(line, skipped)
    } else line.way = way
  }

  /** A line has failed without being published. */
  refuse(key: PartitionKey | undefined): void {
    this.#failures += 1
    if (key !== undefined) this.#markFailed(this.#turnsOf(key), this.#seq++)
  }

  /** Gives up what has waited for too long; to be called every now and then. */
  expire(): void {
    const { now, timeoutMs } = this.#options
    const sinceMs = now() - timeoutMs
    for (const line of this.#open) {
      if (line.sentMs > sinceMs) return
      line.way?.abandon()
      this.#settle(line, unconfirmed(timeoutMs))
    }
  }

  /** It was refused before its key was asked for. */
  #failUnqueued(message: Incoming, outcome: PublishOutcome): void {
    if (outcome.kind === "accepted") return
    const { keyOf } = this.#options
    const key = message.key ?? (outcome.kind === "rejected" ? undefined : keyOf(message))
    if (key !== undefined) this.#markFailed(this.#turnsOf(key), this.#seq++)
  }

  /** Returns whether the line may go. */
  #queue(line: Line, key: PartitionKey): boolean {
    const turns = this.#turnsOf(key)
    if (turns.failedSeq !== none) return false
    turns.lines.push(line)
    line.turns = turns
    return true
  }

  #turnsOf(bytes: PartitionKey): KeyTurns {
    const key = latin1.decode(bytes)
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const turns: KeyTurns = { key, lines: new Fifo(), failedSeq: none }
    this.#keys.set(key, turns)
    return turns
  }

  #settle(line: Line, outcome: PublishOutcome): void {
    if (line.outcome !== undefined) return
    line.outcome = outcome
    this.#open.delete(line)
    const { turns } = line
    if (turns === undefined) this.#tell(line, outcome)
    else {
      if (outcome.kind !== "accepted") this.#markFailed(turns, line.seq)
      this.#tellInOrder(turns)
    }
  }

  #markFailed(turns: KeyTurns, seq: number): void {
    if (turns.failedSeq === none) this.#failedKeyBytes += turns.key.length
    if (seq >= turns.failedSeq) return
    turns.failedSeq = seq
    // One that waits settles in this call, before its lane can send it.
    for (const line of turns.lines.toArray()) {
      if (line.seq > seq && line.outcome === undefined) line.way?.abandon()
    }
  }

  #tellInOrder(turns: KeyTurns): void {
    const { lines } = turns
    for (let next = lines.peek(); next?.outcome !== undefined; next = lines.peek()) {
      lines.shift()
      const isBehind = next.seq > turns.failedSeq
      this.#tell(next, isBehind ? afterFailure(next.outcome) : next.outcome)
    }
    if (lines.size === 0 && turns.failedSeq === none) this.#keys.delete(turns.key)
  }

  #tell(line: Line, outcome: LineOutcome): void {
    if (outcome.kind !== "accepted") this.#failures += 1
    line.owner.told(outcome)
  }
}

/** What becomes of a line behind one that failed. */
function afterFailure(outcome: PublishOutcome): LineOutcome {
  if (outcome.kind === "accepted") return { kind: "afterFailure", wasSent: true }
  const isUnsent = outcome.kind === "unavailable" && outcome.code === "broker_away"
  return isUnsent ? skipped : outcome
}

const skipped: LineOutcome = { kind: "afterFailure", wasSent: false }
const none = Number.POSITIVE_INFINITY
/** Any bytes as a string, one to one. */
const latin1 = new TextDecoder("latin1")
