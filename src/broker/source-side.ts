import type { Backoff } from "../core/backoff.ts"
import { bounds } from "../core/bounds.ts"
import { ByteBudget } from "../core/byte-budget.ts"
import type { RouterStats } from "../core/stats.ts"
import type { Log } from "../log.ts"
import type { Connection } from "./connection.ts"
import type { Endpoint } from "./endpoint.ts"
import { Link } from "./link.ts"
import { lossReason } from "./loss-reason.ts"
import { Source } from "./source.ts"
import type { SourceOptions } from "./source-options.ts"

export interface SourceSideOptions {
  readonly endpoint: Endpoint
  readonly log: Log
  readonly backoff: Backoff
  readonly stats: RouterStats
  /** How many sources there will be. */
  readonly count: number
  /** Whether there is a connection to publish on. */
  readonly hasWayOut: () => boolean
  /** How long the sources are kept without one. @default bounds.sourcesKeptMs */
  readonly keptMs?: number
}

/**
 * The sources of a router, on one connection of their own. They are read only while what they give
 * can go out: a source goes to one router at a time, even to one that cannot publish.
 */
export class SourceSide {
  readonly #options: SourceSideOptions
  readonly #link: Link
  readonly #sources: Source[] = []
  /** Sources that have no room, each with the end of its patience. */
  readonly #full = new Map<Source, ReturnType<typeof setTimeout>>()
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
        // On the next connection each is read once it has room.
        for (const timer of this.#full.values()) clearTimeout(timer)
        this.#full.clear()
        for (const source of this.#sources) source.lost()
      },
    })
  }

  /** Whether nothing is read because too much is on its way. */
  get isPaused(): boolean {
    return this.#full.size > 0 || this.#sources.some(({ isLettingGo }) => isLettingGo)
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
    const budget = new ByteBudget({
      bytesMax: bounds.sourceInFlightBytesMax / this.#options.count,
      exhausted: () => this.#pause(source),
      relieved: () => this.#resume(source),
    })
    const source = new Source({ ...options, budget })
    this.#sources.push(source)
  }

  /**
   * Nothing is read while one source is full: its messages stay with the broker. But not for long,
   * because the broker closes a connection that it cannot send on for 30 seconds, and the others wait
   * as well: then the full one lets go what comes.
   */
  #pause(source: Source): void {
    this.#consuming?.pauseReading()
    const letGo = () => {
      source.letGo()
      this.#resume(source)
    }
    this.#full.set(source, setTimeout(letGo, bounds.sourcePausedMs))
  }

  #resume(source: Source): void {
    clearTimeout(this.#full.get(source))
    this.#full.delete(source)
    if (this.#full.size === 0) this.#consuming?.resumeReading()
  }

  /** Resolves when they are read for the first time, or tried to be. */
  async start(): Promise<void> {
    if (this.#sources.length > 0) await this.#link.start()
  }

  /** Takes no more messages; those in flight go on. */
  stopTaking(): void {
    clearTimeout(this.#givingUp)
    for (const source of this.#sources) source.stopTaking()
    // What comes is dropped, and takes no room; and the broker's answers are waited for from now on.
    for (const source of [...this.#full.keys()]) this.#resume(source)
  }

  /** What has settled by now does not come again; what has not comes again. */
  async stop(timeoutMs: number): Promise<void> {
    // The way out may have been lost since nothing is taken any more.
    clearTimeout(this.#givingUp)
    const settled = Promise.all(this.#sources.map((source) => source.settleAcks()))
    // What is not settled in time may be given out again.
    await this.#link.stop(timeoutMs, settled)
  }

  /**
   * The way out is lost: if it is not back in time other routers get the sources. Not while the broker
   * blocks publishers: it blocks those of every router.
   */
  wayOutLost(): void {
    clearTimeout(this.#givingUp)
    this.#givingUp = setTimeout(() => {
      // Some are read while another is still being set up.
      this.#consuming?.destroy("the sources are given up: nothing can be published")
    }, this.#options.keptMs ?? bounds.sourcesKeptMs)
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
    connection.mayRest = () => this.inFlight >= bounds.readRestInFlightMin
    await Promise.all(this.#sources.map((source) => source.open(connection)))
  }
}

const wayOutCheckMs = 50
