import type { ParsedOptions } from "./consumer-options.ts"
import type { Assignment } from "./members-api.ts"

/** How often messages may be delivered to no effect, as far as their queues count that. */
export class DeliveryLimit {
  readonly #deliveriesMax: ParsedOptions["deliveriesMax"]
  #queueType: Assignment["queueType"]

  constructor(deliveriesMax: ParsedOptions["deliveriesMax"]) {
    this.#deliveriesMax = deliveriesMax
  }

  learn(queueType: Assignment["queueType"]): void {
    this.#queueType = queueType
  }

  /** Infinite in a classic queue: it counts nothing, and what looks like its count is a producer's. */
  get deliveriesMax(): number {
    const max = this.#deliveriesMax
    return this.#queueType === "quorum" && max !== "unlimited" ? max : Number.POSITIVE_INFINITY
  }
}
