import { AckPlan } from "../../core/consume/ack-plan.ts"
import { UnsettledAcks } from "../../core/consume/unsettled-acks.ts"
import type { QueueType } from "../../wire/redelivery.ts"
import type { QueueReader } from "../queue-reader.ts"

export interface PullChannelOptions {
  readonly prefetch: number
  readonly queueType: QueueType
}

/** A channel on which a partition is pulled from. What is acked at once and lies together is one ack. */
export class PullChannel {
  readonly #reader: QueueReader
  readonly #isQuorum: boolean
  readonly #plan = new AckPlan()
  readonly #unsettled: UnsettledAcks
  #isSending = false

  constructor(reader: QueueReader, { prefetch, queueType }: PullChannelOptions) {
    this.#reader = reader
    this.#isQuorum = queueType === "quorum"
    this.#unsettled = new UnsettledAcks(prefetch)
  }

  delivered(deliveryTag: number): void {
    this.#unsettled.delivered(deliveryTag)
  }

  ack(deliveryTag: number): void {
    this.#plan.handled(deliveryTag)
    if (this.#isSending) return
    this.#isSending = true
    queueMicrotask(() => {
      this.#isSending = false
      this.#send()
    })
  }

  /** Makes sure that the queue has all acks when the channel closes next. */
  async settle(): Promise<void> {
    this.#send()
    if (!this.#isQuorum || !this.#unsettled.areInDoubt) return
    // Without an answer some messages come again, which is no reason not to give them back.
    await this.#reader.settleAcksOfActive().catch(() => {})
  }

  /** Gives the queue back; what was delivered and is not acked returns to its place in it. */
  async close(): Promise<void> {
    await this.settle()
    await this.#reader.close()
  }

  #send(): void {
    const { upTo, single } = this.#plan.take(Number.POSITIVE_INFINITY)
    if (upTo !== undefined) this.#reader.ackUpTo({ deliveryTag: upTo })
    for (const deliveryTag of single) this.#reader.ack({ deliveryTag })
    this.#unsettled.sent((upTo === undefined ? 0 : 1) + single.length, this.#plan.acked)
  }
}
