import type { Backoff } from "../core/backoff.ts"
import { bounds } from "../core/bounds.ts"
import { ByteBudget } from "../core/byte-budget.ts"
import type { RouterStats } from "../core/stats.ts"
import type { Log } from "../log.ts"
import type { Connection } from "./connection.ts"
import type { Endpoint } from "./endpoint.ts"
import { Link } from "./link.ts"
import { lossReason } from "./loss-reason.ts"
import { Source, type SourceOptions } from "./source.ts"

export interface SourceSideOptions {
  readonly endpoint: Endpoint
  readonly log: Log
  readonly backoff: Backoff
  readonly stats: RouterStats
  /** Whether there is a connection to publish on. */
  readonly hasWayOut: () => boolean
}

/**
 * The sources of a router, on one connection of their own. They are read only while what they give
 * can go out: a source goes to one router at a time, even to one that cannot publish.
 */
export class SourceSide {
  readonly #options: SourceSideOptions
  readonly #link: Link
  readonly #sources: Source[] = []
  /** Over it the sources are not read: their messages stay with the broker. */
  readonly #budget = new ByteBudget({
    bytesMax: bounds.sourceInFlightBytesMax,
    exhausted: () => this.#consuming?.pauseReading(),
    relieved: () => this.#consuming?.resumeReading(),
  })
  /** The connection that the sources are read from, from before the first of them is. */
  #consuming: Connection | undefined
  #givingUp: ReturnType<typeof setTimeout> | undefined

  constructor(options: SourceSideOptions) {
    this.#options = options
    const { reconnects, losses } = options.stats
    this.#link = new Link({
      ...options,
      name: "partymq consume",
      setUp: (connection) => this.#setUp(connection),
      lost: (reason) => losses.consume[lossReason(reason)]++,
      reconnected: () => reconnects.consume++,
      tornDown: () => {
        for (const source of this.#sources) source.lost()
      },
    })
  }

  /** Whether nothing is read because too much is on its way. */
  get isPaused(): boolean {
    return this.#budget.isExhausted
  }

  /** Deliveries that have not settled. */
  get inFlight(): number {
    return this.#sources.reduce((count, source) => count + source.inFlight, 0)
  }

  /** Why sources are not read, for people. */
  get problems(): readonly string[] {
    return this.#sources.flatMap(({ queue, problem }) =>
      problem === undefined ? [] : [`source queue "${queue}": ${problem}`],
    )
  }

  /** To be called before `start`. */
  add(options: Omit<SourceOptions, "budget">): void {
    this.#sources.push(new Source({ ...options, budget: this.#budget }))
  }

  /** Resolves when they are read for the first time, or tried to be. */
  async start(): Promise<void> {
    if (this.#sources.length > 0) await this.#link.start()
  }

  /** Takes no more messages; those in flight go on. */
  stopTaking(): void {
    clearTimeout(this.#givingUp)
    for (const source of this.#sources) source.stopTaking()
  }

  stop(timeoutMs: number): Promise<void> {
    return this.#link.stop(timeoutMs)
  }

  /**
   * The way out is lost: if it is not back in time other routers get the sources. Not while the broker
   * blocks publishers: it blocks those of every router.
   */
  wayOutLost(): void {
    clearTimeout(this.#givingUp)
    this.#givingUp = setTimeout(() => {
      this.#link.connection?.destroy("the sources are given up: nothing can be published")
    }, bounds.sourcesKeptMs)
  }

  wayOutBack(): void {
    clearTimeout(this.#givingUp)
  }

  async #setUp(connection: Connection): Promise<void> {
    while (!this.#options.hasWayOut()) {
      if (connection.closed) return
      await Bun.sleep(wayOutCheckMs)
    }
    this.#consuming = connection
    await Promise.all(this.#sources.map((source) => source.open(connection)))
    // Some of what came on an earlier connection is still on its way.
    if (this.#budget.isExhausted) connection.pauseReading()
  }
}

const wayOutCheckMs = 50
