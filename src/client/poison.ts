import { bounds } from "../core/bounds.ts"
import { InvalidJson } from "../core/message.ts"

/** Why a message is to be handled no more. */
export interface Poison {
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
  return { detail: `the handler failed ${times} with ${shown(error)}` }
}

function shown(error: unknown): string {
  if (!(error instanceof Error)) return `a ${typeof error}`
  const said = `${error.name}: ${error.message}`
  return said.slice(0, bounds.handlerErrorLengthMax).toWellFormed()
}
