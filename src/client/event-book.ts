import { accessRefusedCode, BrokerError } from "../broker/broker-error.ts"
import { bounds } from "../core/bounds.ts"
import type { ConsumerCounts, ConsumerEvents } from "./consumer-events.ts"
import { Emitter } from "./emitter.ts"

/** What happens to a consumer: told to those who listen, and counted. */
export class EventBook extends Emitter<ConsumerEvents> {
  readonly counts: ConsumerCounts = {
    assigned: 0,
    revoked: 0,
    fenced: 0,
    handled: 0,
    failed: 0,
    deadLettered: 0,
    parked: 0,
    resumed: 0,
    reconnected: 0,
  }
  /** From then on trouble is nobody's concern. */
  isClosing = false
  #trouble = { detail: "", saidMs: 0 }

  override emit<Name extends keyof ConsumerEvents>(name: Name, event: ConsumerEvents[Name]): void {
    if (name in this.counts) this.counts[name as keyof ConsumerCounts] += 1
    super.emit(name, event)
  }

  /** What goes on is said now and then, not each time. */
  trouble(detail: string, code?: ConsumerEvents["trouble"]["code"]): void {
    const nowMs = performance.now()
    const isKnown = this.#trouble.detail === detail
    if (this.isClosing || (isKnown && nowMs - this.#trouble.saidMs < bounds.stableConnectionMs))
      return
    this.#trouble = { detail, saidMs: nowMs }
    this.emit("trouble", { detail, ...(code && { code }) })
  }

  /** Trouble of which an error tells. */
  troubled(error: unknown): void {
    const isRefused = error instanceof BrokerError && error.code === accessRefusedCode
    const detail = error instanceof Error ? error.message : "unknown"
    this.trouble(detail, isRefused ? accessRefusedCode : undefined)
  }
}
