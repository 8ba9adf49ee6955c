import type { Lane } from "../../core/lane.ts"
import type { GroupStats } from "../../core/stats.ts"
import type { Publisher } from "../publisher.ts"

/** The ways to clients, to fronts and to partition queues, as long as they are needed. */
export class ClientLanes {
  readonly #publisher: Publisher
  readonly #stats: GroupStats
  readonly #lanes = new Map<string, Lane>()

  constructor(publisher: Publisher, stats: GroupStats) {
    this.#publisher = publisher
    this.#stats = stats
  }

  /**
   * The way to a queue, or through an exchange.
   * @param returnsMax one that is given up with the first return is not tried again before it is asked for
   */
  to(queue: string, exchange = "", returnsMax = 1): Lane {
    const known = this.#lanes.get(queue)
    if (known !== undefined) return known
    const lane = this.#publisher.addLane({
      ...{ queue, exchange, returnsMax, stats: this.#stats },
      mayRefuse: false,
      backoff: { firstMs: 100, maxMs: 5_000 },
      random: Math.random,
    })
    this.#lanes.set(queue, lane)
    return lane
  }

  /** Forgets those that have nothing on them and are not needed. */
  forget(isNeeded: (queue: string) => boolean): void {
    for (const [queue, lane] of this.#lanes) {
      if (lane.size > 0 || isNeeded(queue)) continue
      this.#publisher.removeLane(lane)
      this.#lanes.delete(queue)
    }
  }
}
