import type { Abandonable, Dispatched, DispatchOptions } from "../../core/dispatch.ts"
import type { Lane, Letter, Parcel } from "../../core/lane.ts"
import type { Incoming } from "../../core/outcome.ts"
import type { TopicStats } from "../../core/stats.ts"

export interface ClientWayOptions {
  readonly group: string
  readonly stats: TopicStats
  /** Where a message goes. */
  readonly wayOf: (message: Incoming) => { readonly lane: Lane; readonly partition: number }
  /** One came back: its queue is not there. It stays where it was read from. */
  readonly returned: () => void
}

/** What an intake gives its messages to: verbatim, each to one lane. */
export class ClientWay {
  readonly stats: TopicStats
  readonly #options: ClientWayOptions
  /** On its way, in its lane. */
  readonly #open = new Map<Parcel, Lane>()
  /** Came back; settled when the intake is closed. */
  #returned: (() => void)[] = []

  constructor(options: ClientWayOptions) {
    this.#options = options
    this.stats = options.stats
  }

  get returnedCount(): number {
    return this.#returned.length
  }

  publish(message: Incoming, options: DispatchOptions): Abandonable {
    const { group, wayOf, returned } = this.#options
    const { lane, partition } = wayOf(message)
    const placements = [{ group, generation: 1, partition, queue: lane.queue }]
    const routed = { kind: "routed", key: undefined, placements } as const
    let isSettled = false
    const letter: Letter = {
      properties: message.properties,
      body: message.body,
      orderKey: String(partition),
      persistent: true,
      settled: (settling, result) => {
        isSettled = true
        this.#open.delete(settling)
        if (result === "confirmed") {
          options.settled({ kind: "delivered", routed })
          return
        }
        const outcome: Dispatched = { kind: "failed", routed, failure: result, groups: [group] }
        if (result === "tooLarge" || result === "unacceptable") {
          options.settled(outcome)
          return
        }
        this.#returned.push(() => options.settled(outcome))
        if (result === "returned") returned()
      },
    }
    const parcel = lane.offer(letter)
    if (!isSettled) this.#open.set(parcel, lane)
    return { abandon: () => lane.abandon(parcel) }
  }

  /**
   * What has not been sent never is, and what a queue refuses is not sent again: it stays where it was
   * read from. What is on its way to a queue may still arrive.
   */
  abandon(): void {
    for (const [parcel, lane] of [...this.#open]) lane.abandon(parcel)
  }

  /** After the intake was closed: nothing is held any more. */
  close(): void {
    const returned = this.#returned
    this.#returned = []
    for (const settle of returned) settle()
  }
}
