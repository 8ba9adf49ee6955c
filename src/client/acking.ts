import type { QueueReader } from "../broker/queue-reader.ts"
import { bounds } from "../core/bounds.ts"
import { AckPlan } from "../core/consume/ack-plan.ts"
import { UnsettledAcks } from "../core/consume/unsettled-acks.ts"

export interface AckingOptions {
  readonly prefetch: number
  /** Or may be. */
  readonly isQuorum: boolean
}

/** Acks what of one subscription is handled: several messages at once, and in time. */
export class Acking {
  readonly #options: AckingOptions
  readonly #plan = new AckPlan()
  readonly #unsettled: UnsettledAcks
  #reader: QueueReader | undefined
  #isOver = false
  #flushing: ReturnType<typeof setTimeout> | undefined
  #handledSinceFlush = 0
  #heldBackSinceMs: number | undefined

  constructor(options: AckingOptions) {
    this.#options = options
    this.#unsettled = new UnsettledAcks(options.prefetch)
  }

  /** From here on acks can be sent. What came along with the broker's consent may be handled by now. */
  begin(reader: QueueReader): void {
    this.#reader = reader
    this.#flush()
  }

  delivered(deliveryTag: number): void {
    this.#unsettled.delivered(deliveryTag)
  }

  handled(deliveryTag: number): void {
    this.#plan.handled(deliveryTag)
    this.#handledSinceFlush += 1
    if (this.#handledSinceFlush >= this.#options.prefetch / 4) this.#flush()
    else this.#flushing ??= setTimeout(this.#flush, bounds.ackGatherMs)
  }

  /** The channel is gone, or counts as gone: nothing is acked any more. */
  end(): void {
    this.#isOver = true
    clearTimeout(this.#flushing)
  }

  /**
   * Sends all that is left, and makes sure that the queue has it when the channel closes next.
   */
  async finish(): Promise<void> {
    clearTimeout(this.#flushing)
    this.#send(bounds.singleAcksMax)
    while (this.#plan.heldBack > 0 && !this.#isOver) {
      await Bun.sleep(bounds.ackGatherMs)
      this.#send(bounds.singleAcksMax)
    }
    // Without an answer some messages come again, which is no reason not to give them back.
    if (this.#options.isQuorum && this.#unsettled.areInDoubt && !this.#isOver) {
      await this.#reader?.settleAcksOfActive().catch(() => {})
    }
  }

  readonly #flush = (): void => {
    clearTimeout(this.#flushing)
    this.#flushing = undefined
    this.#handledSinceFlush = 0
    this.#send(this.#singleAcksDue())
    if (this.#plan.heldBack > 0 && !this.#isOver) {
      this.#flushing = setTimeout(this.#flush, bounds.ackGatherMs)
    }
  }

  /** Where a message takes long, those behind it would use up what may be unacked. */
  #singleAcksDue(): number {
    const { heldBack } = this.#plan
    if (heldBack === 0) this.#heldBackSinceMs = undefined
    else this.#heldBackSinceMs ??= performance.now()
    const sinceMs = this.#heldBackSinceMs
    const isLong = sinceMs !== undefined && performance.now() - sinceMs >= bounds.ackGapMs
    return isLong || heldBack >= this.#options.prefetch / 2 ? bounds.singleAcksMax : 0
  }

  #send(singleMax: number): void {
    if (this.#reader === undefined || this.#isOver) return
    const { upTo, single } = this.#plan.take(singleMax)
    if (upTo !== undefined) this.#reader.ackUpTo({ deliveryTag: upTo })
    for (const deliveryTag of single) this.#reader.ack({ deliveryTag })
    this.#unsettled.sent((upTo === undefined ? 0 : 1) + single.length, this.#plan.acked)
  }
}
