import type { ByteBudget } from "./byte-budget.ts"
import { annotate } from "./dead-letter.ts"
import type { Abandonable, Dispatch, Dispatched } from "./dispatch.ts"
import type { Lane, Letter } from "./lane.ts"
import type { DeadLetterReason, HoldReason } from "./outcome.ts"
import { Watermark } from "./watermark.ts"

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

interface Delivered {
  readonly deliveryTag: number
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

/** A delivery that has not settled. */
interface Open {
  /** Milliseconds since 1970. */
  readonly arrivedMs: number
  way: Abandonable
}

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
  readonly #watermark = new Watermark()
  /** By tag, the oldest first. */
  readonly #open = new Map<number, Open>()
  readonly #held = new Set<number>()
  #isClosed = false

  constructor(options: IntakeOptions) {
    this.#options = options
    options.dispatch.stats.oldestArrivedMs = () => this.#oldestArrivedMs()
  }

  /** Deliveries that have not settled. */
  get size(): number {
    return this.#open.size
  }

  accept(delivery: Delivered): void {
    if (this.#isClosed) return
    const { dispatch } = this.#options
    dispatch.stats.consumed += 1
    const tag = delivery.deliveryTag
    const open: Open = { arrivedMs: this.#options.nowMs(), way: nothingYet }
    this.#open.set(tag, open)
    this.#options.budget.take(bytesOf(delivery))
    const way = dispatch.publish(delivery, {
      persistent: true,
      settled: (outcome) => this.#dispatched(delivery, outcome),
    })
    // Unless it is on its way to the dead letters by now.
    if (open.way === nothingYet) open.way = way
  }

  /** The channel is gone or given up. */
  close(): void {
    this.#isClosed = true
    this.#options.dispatch.stats.heldMessages -= this.#held.size
    this.#held.clear()
    for (const { way } of [...this.#open.values()]) way.abandon()
    this.#open.clear()
  }

  #dispatched(delivery: Delivered, outcome: Dispatched): void {
    if (this.#isClosed) {
      this.#options.budget.give(bytesOf(delivery))
      return
    }
    if (outcome.kind === "delivered") this.#settled(delivery)
    else if (outcome.kind === "rejected") {
      this.#deadLetter(delivery, outcome.reason, outcome.detail)
    } else this.#failed(delivery, outcome)
  }

  #failed(delivery: Delivered, { routed, failure, groups }: Failed): void {
    if (failure === "tooLarge") {
      // Its dead letter would be as large.
      this.#hold(delivery, "body_too_large")
      return
    }
    const queues = routed.placements
      .filter(({ group }) => groups.includes(group))
      .map(({ queue }) => `"${queue}"`)
      .join(", ")
    if (failure === "unacceptable") {
      const detail = `the broker closes the channel when it is published to queue ${queues}`
      this.#deadLetter(delivery, "refused_by_broker", detail, groups)
    } else {
      const detail = `queue ${queues} does not exist and could not be declared`
      this.#deadLetter(delivery, "unroutable", detail, groups)
    }
  }

  #deadLetter(
    delivery: Delivered,
    reason: DeadLetterReason,
    detail: string,
    groups?: readonly string[],
  ): void {
    const { deadLetters, source, frameMax, nowMs, dispatch } = this.#options
    const time = new Date(nowMs()).toISOString()
    const note = { reason, detail, source, time, ...(groups && { groups }) }
    const letter: Letter = {
      properties: annotate(delivery.properties, note, frameMax),
      body: delivery.body,
      orderKey: undefined,
      persistent: true,
      settled: (_, result) => {
        if (this.#isClosed) this.#options.budget.give(bytesOf(delivery))
        else if (result === "tooLarge") this.#hold(delivery, "body_too_large")
        else if (result === "unacceptable") this.#hold(delivery, "refused_by_broker")
        else if (result === "confirmed") {
          dispatch.stats.deadLettered[reason] += 1
          this.#settled(delivery)
        }
      },
    }
    const parcel = deadLetters.offer(letter)
    const open = this.#open.get(delivery.deliveryTag)
    if (open !== undefined) open.way = { abandon: () => deadLetters.abandon(parcel) }
  }

  #settled(delivery: Delivered): void {
    this.#options.dispatch.stats.settled += 1
    this.#release(delivery)
  }

  #hold(delivery: Delivered, reason: HoldReason): void {
    this.#held.add(delivery.deliveryTag)
    this.#options.dispatch.stats.heldMessages += 1
    this.#options.held(reason)
    this.#release(delivery)
  }

  /** Nothing more is to be done for it. */
  #release(delivery: Delivered): void {
    const { deliveryTag } = delivery
    this.#open.delete(deliveryTag)
    this.#options.budget.give(bytesOf(delivery))
    const acked = this.#watermark.top
    if (this.#watermark.settle(deliveryTag)) this.#ackFrom(acked + 1, this.#watermark.top)
    if (this.#open.size === 0) this.#options.idle()
  }

  #oldestArrivedMs(): number | undefined {
    const [oldest] = this.#open.values()
    return oldest?.arrivedMs
  }

  #ackFrom(first: number, last: number): void {
    const { ack } = this.#options
    if (this.#held.size === 0) ack(last, true)
    // `multiple` would ack what is held as well.
    else for (let tag = first; tag <= last; tag++) if (!this.#held.has(tag)) ack(tag, false)
  }
}

const bytesOf = ({ properties, body }: Delivered): number => properties.length + body.length

const nothingYet: Abandonable = { abandon: () => {} }
