import { bounds } from "../../core/bounds.ts"
import { annotate, type DeadLetterNote } from "../../core/dead-letter.ts"
import type { Lane, ParcelResult } from "../../core/lane.ts"
import type { Leaving } from "../../core/pull/lease.ts"
import type { Leases } from "../../core/pull/leases.ts"
import type { TopicStats } from "../../core/stats.ts"
import type { Log } from "../../log.ts"
import type { Pulled } from "./group-pull.ts"

export interface DeadLetterWriterOptions {
  readonly topic: string
  readonly group: string
  readonly deadLetters: Lane
  readonly stats: Pick<TopicStats, "deadLettered">
  readonly log: Log
  readonly leases: Leases<Pulled>
  readonly ack: (message: Pulled) => void
  /** The next of a key may be given out. */
  readonly changed: () => void
}

/**
 * Puts messages that were given out as often as they may be into the topic's dead-letter queue. Only once
 * that is confirmed are they acked, and the next of their keys given out.
 */
export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions
  /** On their way, each with a way to give it up. */
  readonly #open = new Map<Leaving<Pulled>, () => void>()
  written = 0

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options
  }

  /** Those that are on their way. */
  get size(): number {
    return this.#open.size
  }

  write(leaving: readonly Leaving<Pulled>[]): void {
    for (const each of leaving) this.#write(each)
  }

  /** The channel of a partition is gone: what came on it will come again. */
  lost(partition: number): void {
    for (const [leaving, abandon] of [...this.#open]) {
      if (leaving.message.partition !== partition) continue
      this.#open.delete(leaving)
      abandon()
    }
  }

  #write(leaving: Leaving<Pulled>): void {
    const { deadLetters, group } = this.#options
    const { message, deliveries } = leaving
    const times = deliveries === 1 ? "once" : `${deliveries} times`
    const note: DeadLetterNote = {
      reason: "deliveries_exhausted",
      detail: `given out ${times} to consumers that pull, and never acked`,
      time: new Date().toISOString(),
      source: message.queue,
      groups: [group],
    }
    this.#open.set(leaving, () => {})
    const parcel = deadLetters.offer({
      properties: annotate(message.properties, note, message.frameMax),
      body: message.body,
      orderKey: undefined,
      persistent: true,
      settled: (_, result) => this.#settled(leaving, result),
    })
    if (this.#open.has(leaving)) this.#open.set(leaving, () => deadLetters.abandon(parcel))
  }

  #settled(leaving: Leaving<Pulled>, result: ParcelResult): void {
    const { leases, stats, ack, changed, log, topic, group } = this.#options
    this.#open.delete(leaving)
    if (result === "confirmed") {
      this.written += 1
      stats.deadLettered.deliveries_exhausted += 1
      if (leases.left(leaving)) ack(leaving.message)
    } else {
      const isHere = leaving.held.state === "leaving"
      leases.stays(leaving, bounds.pullDeadLetterRetryMs, performance.now())
      const { queue } = leaving.message
      const fields = { topic, group, queue, reason: result }
      if (isHere) log.error(fields, "a message cannot become a dead letter; it is given out again")
    }
    // Not from within what the lane is doing.
    queueMicrotask(changed)
  }
}
