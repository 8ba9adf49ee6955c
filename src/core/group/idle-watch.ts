/** What is known of a partition queue at some time. */
export interface QueueSample {
  /** Ready messages; absent when the broker could not be asked. */
  readonly messages?: number
  readonly consumers?: number
  /** What it was given by then, counted from any fixed time on. */
  readonly given: { readonly confirmed: number; readonly inFlight: number }
}

/**
 * A queue with messages in which nothing moves.
 *
 * - `unconsumed`: nobody is subscribed to it.
 * - `undelivered`: somebody is, and takes nothing: is at work for long on what it has, or frozen, or
 *   the queue itself hangs.
 */
export interface Idle {
  readonly partition: number
  readonly reason: "unconsumed" | "undelivered"
  readonly sinceMs: number
  readonly messages: number
}

interface Standing extends Idle {
  /** When it was found so. */
  readonly given: QueueSample["given"]
}

/**
 * Finds the queues of a group in which nothing moves, from what is looked up every now and then. That
 * messages were delivered follows from there being fewer than were there and have been published since;
 * where others publish to the queue as well, they hide it.
 */
export class IdleWatch {
  #standing = new Map<number, Standing>()

  /** @returns those that have messages, and since when nothing was found to move; ascending */
  look(samples: readonly QueueSample[], nowMs: number): readonly Idle[] {
    const standing = new Map<number, Standing>()
    for (const [partition, sample] of samples.entries()) {
      const { messages, consumers, given } = sample
      const before = this.#standing.get(partition)
      if (messages === undefined || consumers === undefined) {
        // That nobody could be asked does not mean that it moves.
        if (before !== undefined) standing.set(partition, before)
        continue
      }
      if (messages === 0) continue
      const reason = consumers === 0 ? "unconsumed" : "undelivered"
      const isSame = before?.reason === reason && !hasMoved(before, messages, given)
      const fresh = { partition, reason, sinceMs: nowMs, messages, given } as const
      standing.set(partition, isSame ? before : fresh)
    }
    this.#standing = standing
    return [...standing.values()]
  }
}

/** Whether some were delivered since, whatever was on its way to the queue then. */
function hasMoved(before: Standing, messages: number, given: QueueSample["given"]): boolean {
  const come = given.confirmed - before.given.confirmed - before.given.inFlight
  return before.messages + come > messages
}
