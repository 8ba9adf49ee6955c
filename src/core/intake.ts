import type { ByteBudget } from "./byte-budget.ts"
import { annotate } from "./dead-letter.ts"
import type { Abandonable, Dispatch, Dispatched } from "./dispatch.ts"
import type { Lane, Letter } from "./lane.ts"
import type { DeadLetterReason } from "./outcome.ts"
import { Watermark } from "./watermark.ts"

export interface IntakeOptions {
  readonly dispatch: Dispatch
  readonly deadLetters: Lane
  /** The source queue's name, for the note on dead letters. */
  readonly source: string
  readonly frameMax: number
  readonly now: () => Date
  /** What has arrived and is not settled is taken from it. */
  readonly budget: ByteBudget
  /** Ack every delivery up to this tag. */
  readonly ack: (tag: number) => void
}

interface Delivered {
  readonly deliveryTag: number
  readonly properties: Uint8Array
  readonly body: Uint8Array
}

/**
 * The deliveries of one source channel, from arrival to ack. A delivery is acked once every copy of
 * it is confirmed, or once it is confirmed in the dead-letter queue, and never before one that came
 * earlier.
 *
 * Ends with its channel: what is not acked then is redelivered by the broker, so what has not been
 * sent yet is given up here, and what is on its way arrives twice at worst.
 */
export class Intake {
  readonly #options: IntakeOptions
  readonly #watermark = new Watermark()
  readonly #open = new Map<number, Abandonable>()
  #openBytes = 0
  #isClosed = false

  constructor(options: IntakeOptions) {
    this.#options = options
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
    this.#open.set(tag, nothingYet)
    const bytes = this.#bytesOf(delivery)
    this.#openBytes += bytes
    this.#options.budget.take(bytes)
    const way = dispatch.publish(delivery, {
      persistent: true,
      settled: (outcome) => this.#dispatched(delivery, outcome),
    })
    if (this.#open.get(tag) === nothingYet) this.#open.set(tag, way)
  }

  /** The channel is gone or given up. */
  close(): void {
    this.#isClosed = true
    this.#options.budget.give(this.#openBytes)
    this.#openBytes = 0
    for (const way of [...this.#open.values()]) way.abandon()
    this.#open.clear()
  }

  #dispatched(delivery: Delivered, outcome: Dispatched): void {
    if (this.#isClosed) return
    if (outcome.kind === "delivered") this.#settled(delivery)
    else if (outcome.kind === "rejected") {
      this.#deadLetter(delivery, outcome.reason, outcome.detail)
    } else {
      const queues = outcome.routed.placements
        .filter(({ group }) => outcome.groups.includes(group))
        .map(({ queue }) => `"${queue}"`)
      const detail = `queue ${queues.join(", ")} does not exist and could not be declared`
      this.#deadLetter(delivery, "unroutable", detail, outcome.groups)
    }
  }

  #deadLetter(
    delivery: Delivered,
    reason: DeadLetterReason,
    detail: string,
    groups?: readonly string[],
  ): void {
    const { deadLetters, source, frameMax, now, dispatch } = this.#options
    const note = { reason, detail, source, time: now().toISOString(), ...(groups && { groups }) }
    const letter: Letter = {
      properties: annotate(delivery.properties, note, frameMax),
      body: delivery.body,
      orderKey: undefined,
      persistent: true,
      settled: (_, result) => {
        if (result !== "confirmed" || this.#isClosed) return
        dispatch.stats.deadLettered[reason] += 1
        this.#settled(delivery)
      },
    }
    const parcel = deadLetters.offer(letter)
    this.#open.set(delivery.deliveryTag, { abandon: () => deadLetters.abandon(parcel) })
  }

  /** Each group gets a copy, and while the broker does not read they all wait here. */
  #bytesOf({ properties, body }: Delivered): number {
    return (properties.length + body.length) * this.#options.dispatch.route.groups.length
  }

  #settled(delivery: Delivered): void {
    const { deliveryTag } = delivery
    this.#open.delete(deliveryTag)
    const bytes = this.#bytesOf(delivery)
    this.#openBytes -= bytes
    this.#options.budget.give(bytes)
    this.#options.dispatch.stats.settled += 1
    if (this.#watermark.settle(deliveryTag)) this.#options.ack(this.#watermark.top)
  }
}

const nothingYet: Abandonable = { abandon: () => {} }
