import type { ConsumedMessage } from "./consumed-message.ts"

/** What a handler gets beside the message. */
export interface HandlerContext {
  /**
   * Fires when the time for this run is over, or when the partition is not certainly this consumer's
   * any more. Whatever the handler does from then on, the message is not acked.
   */
  readonly signal: AbortSignal
  /** Which run of this consumer's for this message it is, from 1. */
  readonly attempt: number
}

/** Returning acks the message; what it throws is a failed attempt. */
export type Handler = (message: ConsumedMessage, context: HandlerContext) => unknown

/** What became of one run of the handler. */
export type Outcome =
  | { readonly kind: "handled" }
  | { readonly kind: "failed"; readonly error: unknown }

/** A run of the handler took longer than it may. */
export class HandlerTimeout extends Error {
  override readonly name = "HandlerTimeout"
}

/**
 * Runs the handler once. Settles when the handler has, however long after the signal that is: before,
 * nothing else of the message's key may run. Never rejects.
 */
export async function runHandler(
  handler: Handler,
  message: ConsumedMessage,
  attempt: number,
  controller: AbortController,
  timeoutMs: number,
): Promise<Outcome> {
  const { signal } = controller
  const timer = setTimeout(() => {
    controller.abort(new HandlerTimeout(`the handler took over ${timeoutMs} ms`))
  }, timeoutMs)
  try {
    await handler(message, { signal, attempt })
    // It may have returned because of the signal, with its work undone.
    return signal.aborted ? { kind: "failed", error: signal.reason } : { kind: "handled" }
  } catch (error) {
    return { kind: "failed", error: signal.aborted ? signal.reason : error }
  } finally {
    clearTimeout(timer)
  }
}
