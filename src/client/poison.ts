import { bounds } from "../core/bounds.ts"
import { InvalidJson } from "../core/message.ts"
import type { ConsumerDeadLetterReason } from "../core/outcome.ts"

/** Why a message is to be handled no more. */
export interface Poison {
  readonly reason: ConsumerDeadLetterReason
  /** For people. */
  readonly detail: string
}

/**
 * An error that says itself that trying again is no use: of a message that cannot be read, and any other
 * with `retriable: false`.
 */
export const isHopeless = (error: unknown): boolean =>
  error instanceof InvalidJson ||
  (typeof error === "object" && error !== null && "retriable" in error && error.retriable === false)

export function poisonOf(error: unknown, failures: number): Poison {
  const times = failures === 1 ? "once" : `${failures} times, at last`
  return { reason: "handler_failed", detail: `the handler failed ${times} with ${shown(error)}` }
}

/** The broker has delivered it so often, and nobody acked it. */
export const exhausted = (deliveries: number): Poison => ({
  reason: "deliveries_exhausted",
  detail: `delivered ${deliveries} times to consumers that went down or were cut off, and never acked`,
})

function shown(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error}`
  const said = `${error.name}: ${error.message}`
  return said.slice(0, bounds.handlerErrorLengthMax).toWellFormed()
}
