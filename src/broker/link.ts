import { type Backoff, backoffDelayMs } from "../core/backoff.ts"
import { bounds } from "../core/bounds.ts"
import type { Log } from "../log.ts"
import { within } from "../within.ts"
import { answered } from "./answered.ts"
import { BrokerError } from "./broker-error.ts"
import { Connection } from "./connection.ts"
import type { Endpoint } from "./endpoint.ts"
import { StartRefused } from "./start-refused.ts"

export interface LinkOptions {
  readonly endpoint: Endpoint
  /** Shows in the broker's management and in the log. */
  readonly name: string
  readonly log: Log
  readonly backoff: Backoff
  /** Declares, opens channels, consumes. Runs on every new connection; throwing means another try. */
  readonly setUp: (connection: Connection) => Promise<void>
  /** Called each time it is lost after it was up. */
  readonly lost: (reason: string) => void
  /** Called each time it is up again after a loss. */
  readonly reconnected: () => void
  /** Called once for every connection that `setUp` ran on, when it is lost, closed or given up. */
  readonly tornDown: (reason: string) => void
}

/**
 * Keeps one connection: opens it, sets it up, and after a loss does both again, with backoff and
 * jitter, for as long as it is not stopped. Each try is a new `Connection`.
 */
export class Link {
  readonly #options: LinkOptions
  #connection: Connection | undefined
  /** While it is being set up. */
  #opening: Connection | undefined
  #isStopped = false
  #wake: () => void = () => {}
  #hasBeenUp = false
  #problem: string | undefined

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** The connection while it is up and set up. */
  get connection(): Connection | undefined {
    return this.#connection
  }

  /** Why there is no connection, for people; `undefined` while there is one. */
  get problem(): string | undefined {
    return this.#connection === undefined ? (this.#problem ?? "not connected yet") : undefined
  }

  /** Why the broker blocks publishers, which can keep a connection from being set up as well. */
  get blocked(): string | undefined {
    return (this.#connection ?? this.#opening)?.blocked
  }

  /**
   * Starts; resolves when the connection is up for the first time, however long that takes.
   * @throws {StartRefused} when setting up finds that this process must not run; it is stopped then
   * @throws {BrokerError} `stopped` when it is stopped before
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#run(resolve).catch((error: unknown) => {
        this.#isStopped = true
        reject(error)
      })
    })
  }

  /**
   * Closes the connection in order; resolves once that is done or `timeoutMs` is over.
   * @param settled is waited for before, half of that time at most
   */
  async stop(timeoutMs: number, settled?: Promise<unknown>): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs
    if (settled !== undefined) {
      await within(timeoutMs / 2, settled, () => new Error("not settled in time")).catch(() => {})
    }
    this.#isStopped = true
    const connection = this.#connection
    this.#connection = undefined
    await connection?.shut(deadlineMs - performance.now())
    this.#wake()
  }

  async #run(up: () => void): Promise<void> {
    for (let failures = 0; !this.#isStopped; ) {
      const upMs = await this.#connectOnce(up)
      // One that dies young has failed too: opening the next at once would be a storm.
      failures = upMs >= bounds.stableConnectionMs ? 1 : failures + 1
      if (!this.#isStopped) await this.#pause(failures)
    }
    throw new BrokerError("stopped before it was connected", "stopped")
  }

  /** Opens a connection and waits for its end. Returns how long it was up, in milliseconds. */
  async #connectOnce(up: () => void): Promise<number> {
    const { log, name, endpoint, tornDown } = this.#options
    try {
      const { connection, lost } = await this.#open()
      const sinceMs = performance.now()
      if (this.#hasBeenUp) this.#options.reconnected()
      this.#hasBeenUp = true
      this.#connection = connection
      this.#problem = undefined
      log.info({ connection: name, broker: endpoint.shown }, "connected")
      up()
      const reason = await lost
      this.#connection = undefined
      if (!this.#isStopped) this.#options.lost(reason)
      this.#noteProblem(reason, "connection lost")
      connection.destroy()
      tornDown(reason)
      return performance.now() - sinceMs
    } catch (error) {
      // Once it has run, a refusal is an obstacle that somebody may clear away.
      if (error instanceof StartRefused && !this.#hasBeenUp) throw error
      this.#noteProblem(messageOf(error), "cannot connect")
      return 0
    }
  }

  async #open(): Promise<{ connection: Connection; lost: Promise<string> }> {
    const { endpoint, name, setUp } = this.#options
    const connection = await Connection.open(endpoint, name)
    this.#opening = connection
    const lost = new Promise<string>((resolve) => {
      connection.onLost = resolve
      // One that was closed in order is not lost, and has to be told of all the same.
      this.#wake = () => {
        connection.destroy("stopped")
        resolve("stopped")
      }
    })
    try {
      if (this.#isStopped) connection.destroy("stopped")
      if (connection.closed) throw new BrokerError("the broker closed the connection at once")
      const lostEarly = lost.then((reason) => Promise.reject(new Error(reason)))
      const ready = answered(bounds.setUpTimeoutMs, setUp(connection), "setting up")
      await Promise.race([lostEarly, ready])
      return { connection, lost }
    } catch (error) {
      connection.destroy()
      this.#options.tornDown(messageOf(error))
      throw error
    } finally {
      this.#opening = undefined
    }
  }

  /** Says each reason once, however often it comes in a row. */
  #noteProblem(reason: string, what: string): void {
    if (this.#isStopped || reason === this.#problem) return
    this.#problem = reason
    this.#options.log.warn({ connection: this.#options.name, reason }, what)
  }

  #pause(failures: number): Promise<void> {
    const delayMs = backoffDelayMs(this.#options.backoff, failures, Math.random())
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : "unknown")
