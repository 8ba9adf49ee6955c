import { type Backoff, backoffDelayMs } from "../core/backoff.ts"
import { bounds } from "../core/bounds.ts"
import type { Log } from "../log.ts"
import { answered } from "./answered.ts"
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
  /** Called each time it is up again after a loss. */
  readonly reconnected: () => void
  /** Called once for every connection that was set up, and is lost or closed. */
  readonly tornDown: (reason: string) => void
}

/**
 * Keeps one connection: opens it, sets it up, and after a loss does both again, with backoff and
 * jitter, for as long as it is not stopped. Each try is a new `Connection`.
 */
export class Link {
  readonly #options: LinkOptions
  #connection: Connection | undefined
  #isStopped = false
  #wake: () => void = () => {}
  #hasBeenUp = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** The connection while it is up and set up. */
  get connection(): Connection | undefined {
    return this.#connection
  }

  /**
   * Starts; resolves when the connection is up for the first time, however long that takes.
   * @throws {StartRefused} when setting up finds that this process must not run; it is stopped then
   */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#run(resolve).catch((error: unknown) => {
        this.#isStopped = true
        reject(error)
      })
    })
  }

  /** Closes the connection in order; resolves once that is done or `timeoutMs` is over. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isStopped = true
    const connection = this.#connection
    this.#connection = undefined
    await connection?.shut(timeoutMs)
    this.#wake()
  }

  async #run(up: () => void): Promise<void> {
    const { log, name, endpoint, tornDown } = this.#options
    for (let failures = 0; !this.#isStopped; ) {
      try {
        const { connection, lost } = await this.#open()
        if (this.#hasBeenUp) this.#options.reconnected()
        this.#hasBeenUp = true
        log.info({ connection: name, broker: endpoint.shown }, "connected")
        failures = 0
        up()
        const reason = await lost
        this.#connection = undefined
        if (!this.#isStopped) log.warn({ connection: name, reason }, "connection lost")
        connection.destroy()
        tornDown(reason)
      } catch (error) {
        if (error instanceof StartRefused) throw error
        failures += 1
        if (failures === 1)
          log.warn({ connection: name, reason: messageOf(error) }, "cannot connect")
        await this.#pause(Math.max(1, failures))
      }
    }
  }

  async #open(): Promise<{ connection: Connection; lost: Promise<string> }> {
    const { endpoint, name, setUp } = this.#options
    const connection = await Connection.open(endpoint, name)
    const lost = new Promise<string>((resolve) => {
      connection.onLost = resolve
      this.#wake = () => resolve("stopped")
    })
    try {
      const lostEarly = lost.then((reason) => Promise.reject(new Error(reason)))
      const ready = answered(bounds.setUpTimeoutMs, setUp(connection), "setting up")
      await Promise.race([ready, lostEarly])
    } catch (error) {
      connection.destroy()
      this.#options.tornDown(messageOf(error))
      throw error
    }
    this.#connection = connection
    return { connection, lost }
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
