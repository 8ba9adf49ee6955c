/** One client of a client-bound group, as far as PartyMQ knows it. */
export interface Client {
  /**
   * `bound`: it has asked for its routing key, and its queue is not ready (any more). `ready`: it is
   * forwarded to. `gone`: it has said so, or was not heard of for too long.
   */
  readonly phase: "bound" | "ready" | "gone"
  /** When the phase began. */
  readonly sinceMs: number
  /** When it was last heard of. */
  readonly seenMs: number
  /** The name of its queue, if that is known. */
  readonly queue?: string
  /** Its queue turned out not to be bound while it was ready. */
  readonly lostBinding: boolean
  /** Where a part of what it left behind is already: taking it back was interrupted. */
  readonly front?: number
  /** There may be messages in its queue of partitions that others have by now. */
  readonly owes: boolean
  /** While partitions move away from it: what else it has waits, so that its queue runs empty. */
  readonly pause?: Pause
}

export interface Pause {
  /** The fewest messages that its queue had, and since when: it is not stuck as long as they get fewer. */
  readonly lowest: number
  readonly sinceMs: number
  /** It was stuck: until the next try it is forwarded to, but for what moves. */
  readonly resumedMs?: number
}

/** What could be seen of a client's queue. */
export type QueueSight =
  /** Nothing: its name is not known, or it could not be asked. */
  | { readonly kind: "unknown" }
  /** It does not exist, or nothing is bound. */
  | { readonly kind: "missing" }
  | {
      readonly kind: "counts"
      readonly ready: number
      /** Delivered and not acked; `undefined` without the management API. */
      readonly unacked: number | undefined
      readonly consumers: number
    }

/** Whether everything that was ever put into it has certainly been acked. */
export function isEmptied(sight: QueueSight): boolean {
  if (sight.kind === "missing") return true
  if (sight.kind === "unknown" || sight.ready > 0) return false
  return sight.unacked === undefined ? sight.consumers === 0 : sight.unacked === 0
}

/** Whether messages were left in it that nobody is at. */
export const isLeftBehind = (sight: QueueSight): boolean =>
  sight.kind === "counts" && sight.consumers === 0 && sight.ready > 0 && !sight.unacked

/** The pause after its queue was looked at. */
export function pausedAfter(
  pause: Pause | undefined,
  sight: QueueSight,
  nowMs: number,
): Pause | undefined {
  // Without knowing when it is empty there is nothing to wait for.
  if (sight.kind !== "counts" || sight.unacked === undefined) return pause
  const left = sight.ready + sight.unacked
  if (pause === undefined) return { lowest: left, sinceMs: nowMs }
  if (pause.resumedMs !== undefined || left >= pause.lowest) return pause
  return { lowest: left, sinceMs: nowMs }
}

/** The pause as time passes: one that is stuck is forwarded to for as long, then there is another try. */
export function pausedLater(pause: Pause, stuckMs: number, nowMs: number): Pause {
  if (pause.resumedMs !== undefined) {
    const isOver = nowMs - pause.resumedMs >= stuckMs
    return isOver ? { lowest: Number.POSITIVE_INFINITY, sinceMs: nowMs } : pause
  }
  return nowMs - pause.sinceMs >= stuckMs ? { ...pause, resumedMs: nowMs } : pause
}
