import type { ByteBudget } from "./byte-budget.ts"
import { annotate } from "./dead-letter.ts"
import type { Abandonable, Dispatch, Dispatched, DispatchOptions } from "./dispatch.ts"
import type { Lane, Letter } from "./lane.ts"
import type { DeadLetterReason, HoldReason, Incoming } from "./outcome.ts"
import { TagWindow } from "./tag-window.ts"

export interface IntakeOptions {
  readonly dispatch: Pick<Dispatch, "publish" | "stats">
  readonly deadLetters: Lane
  /** The source queue's name, for the note on dead letters. */
  readonly source: string
  readonly frameMax: number
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
  /** What has arrived and is not settled is taken from it. */
  readonly budget: Pick<ByteBudget, "take" | "give">
  /** Ack this delivery; with `multiple` every one up to it. */
  readonly ack: (tag: number, multiple: boolean) => void
  /** The broker takes a message nowhere, not even as a dead letter. */
  readonly held: (reason: HoldReason) => void
  /** Everything that was taken in has settled. */
  readonly idle: () => void
}

/** A delivery that was taken in: what is dispatched, and who is told of the outcome. */
class Taken implements Incoming, DispatchOptions {
  readonly tag: number
  readonly properties: Uint8Array
  readonly body: Uint8Array
  /** Milliseconds since 1970. */
  readonly arrivedMs: number
  readonly persistent = true
  way: Abandonable = nothingYet
  readonly #tell: (taken: Taken, outcome: Dispatched) => void

  constructor(
    tag: number,
    properties: Uint8Array,
    body: Uint8Array,
    arrivedMs: number,
    tell: (taken: Taken, outcome: Dispatched) => void,
  ) {
    this.tag = tag
    this.properties = properties
    this.body = body
    this.arrivedMs = arrivedMs
    this.#tell = tell
  }

  get bytes(): number {
    return this.properties.length + this.body.length
  }

  settled(outcome: Dispatched): void {
    this.#tell(this, outcome)
  }
}

const nothingYet: Abandonable = { abandon: () => {} }

type Failed = Extract<Dispatched, { readonly kind: "failed" }>

/**
 * The deliveries of one source channel, from arrival to ack. A delivery is acked once every copy of
 * it is confirmed, or once it is confirmed in the dead-letter queue, and never before one that came
 * earlier.
 *
 * What the broker takes nowhere is *held*: it stays in the source queue, unacked, its bytes forgotten
 * here, and what came after it goes on.
 *
 * Ends with its channel: what is not acked then is redelivered by the broker, so what has not been
 * sent yet is given up here, and what is on its way arrives twice at worst.
 */
export class Intake {
  readonly #options: IntakeOptions
  /** What has not settled, by delivery tag. Just below the oldest is the watermark, up to which acks may go. */
  readonly #open = new TagWindow<Taken>()
  readonly #held = new Set<number>()
  #isClosed = false

  constructor(options: IntakeOptions) {
    this.#options = options
    options.dispatch.stats.oldestArrivedMs = () => this.#open.oldest?.arrivedMs
  }

  /** Deliveries that have not settled. */
  get size(): number {
    return this.#open.size
  }

  /**
   * Takes the next delivery of the channel.
   * @throws {Error} when one was left out before it: to ack it would ack that one as well
   */
  accept(tag: number, properties: Uint8Array, body: Uint8Array): void {
    if (this.#isClosed) return
    if (tag !== this.#open.newestTag + 1) throw new Error(`delivery ${tag} is not the next`)
    const { dispatch, nowMs, budget } = this.#options
    dispatch.stats.consumed += 1
    const taken = new Taken(tag, properties, body, nowMs(), this.#dispatched)
    this.#open.push(taken)
    budget.take(taken.bytes)
    const way = dispatch.publish(taken, taken)
    // Unless it is on its way to the dead letters by now.
    if (taken.way === nothingYet) taken.way = way
  }

  /** The channel is gone or given up. */
  close(): void {
    this.#isClosed = true
    this.#options.dispatch.stats.heldMessages -= this.#held.size
    this.#held.clear()
    for (const { way } of this.#open.toArray()) way.abandon()
    this.#open.clear()
  }

  readonly #dispatched = (taken: Taken, outcome: Dispatched): void => {
    if (this.#isClosed) this.#options.budget.give(taken.bytes)
    else if (outcome.kind === "delivered") this.#settled(taken)
    else if (outcome.kind === "rejected") this.#deadLetter(taken, outcome.reason, outcome.detail)
    else this.#failed(taken, outcome)
  }

  #failed(taken: Taken, { routed, failure, groups }: Failed): void {
    if (failure === "tooLarge") {
      // Its dead letter would be as large.
      this.#hold(taken, "body_too_large")
      return
    }
    const queues = routed.placements
      .filter(({ group }) => groups.includes(group))
      .map(({ queue }) => `"${queue}"`)
      .join(", ")
    if (failure === "unacceptable") {
      const detail = `the broker closes the channel when it is published to queue ${queues}`
      this.#deadLetter(taken, "refused_by_broker", detail, groups)
    } else {
      const detail = `queue ${queues} does not exist and could not be declared`
      this.#deadLetter(taken, "unroutable", detail, groups)
    }
  }

  #deadLetter(
    taken: Taken,
    reason: DeadLetterReason,
    detail: string,
    groups?: readonly string[],
  ): void {
    const { deadLetters, source, frameMax, nowMs, dispatch } = this.#options
    const time = new Date(nowMs()).toISOString()
    const note = { reason, detail, source, time, ...(groups && { groups }) }
    const letter: Letter = {
      properties: annotate(taken.properties, note, frameMax),
      body: taken.body,
      orderKey: undefined,
      persistent: true,
      settled: (_, result) => {
        if (this.#isClosed) this.#options.budget.give(taken.bytes)
        else if (result === "tooLarge") this.#hold(taken, "body_too_large")
        else if (result === "unacceptable") this.#hold(taken, "refused_by_broker")
        else if (result === "confirmed") {
          dispatch.stats.deadLettered[reason] += 1
          this.#settled(taken)
        }
      },
    }
    const parcel = deadLetters.offer(letter)
    taken.way = { abandon: () => deadLetters.abandon(parcel) }
  }

  #settled(taken: Taken): void {
    this.#options.dispatch.stats.settled += 1
    this.#release(taken)
  }

  #hold(taken: Taken, reason: HoldReason): void {
    this.#held.add(taken.tag)
    this.#options.dispatch.stats.heldMessages += 1
    this.#options.held(reason)
    this.#release(taken)
  }

  /** Nothing more is to be done for it. */
  #release(taken: Taken): void {
    this.#options.budget.give(taken.bytes)
    const oldest = this.#open.oldestTag
    this.#open.remove(taken.tag)
    if (this.#open.oldestTag > oldest) this.#ackFrom(oldest, this.#open.oldestTag - 1)
    if (this.#open.size === 0) this.#options.idle()
  }

  #ackFrom(first: number, last: number): void {
    const { ack } = this.#options
    if (this.#held.size === 0) ack(last, true)
    // `multiple` would ack what is held as well.
    else for (let tag = first; tag <= last; tag++) if (!this.#held.has(tag)) ack(tag, false)
  }
}
