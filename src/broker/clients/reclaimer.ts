import { bounds } from "../../core/bounds.ts"
import { Forwarding, type ForwardingOptions } from "./forwarding.ts"
import { passive } from "./look-at-queue.ts"

export interface ReclaimerOptions
  extends Omit<ForwardingOptions, "prefetch" | "exclusive" | "idle" | "ended"> {
  readonly done: () => void
  /** Others have begun to consume the queue. */
  readonly interrupted: () => void
  readonly failed: (reason: string) => void
}

/** Empties a queue that a client has left behind. */
export class Reclaimer {
  readonly #options: ReclaimerOptions
  #forwarding: Forwarding | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(options: ReclaimerOptions) {
    this.#options = options
    this.#start()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#forwarding?.drop().catch(() => {})
  }

  async #start(): Promise<void> {
    if (this.#isClosed) return
    const { connection, queue, failed } = this.#options
    const again = (reason: string) => {
      failed(reason)
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#look(true), bounds.clientsLockRetryMs)
    }
    const forwarding = new Forwarding({
      ...this.#options,
      prefetch: bounds.reclaimPrefetch,
      exclusive: true,
      idle: () => {},
      ended: again,
    })
    this.#forwarding = forwarding
    try {
      const counts = await passive(connection, queue)
      if (counts === undefined) return await this.#end(this.#options.done)
      if (counts.consumers > 0) return await this.#end(this.#options.interrupted)
      await forwarding.open()
      this.#timer = setTimeout(() => this.#look(false), bounds.clientLookIntervalMs)
    } catch (error) {
      again(error instanceof Error ? error.message : "cannot consume")
    }
  }

  async #look(isFailed: boolean): Promise<void> {
    if (this.#isClosed) return
    const { connection, queue, done, interrupted } = this.#options
    const forwarding = this.#forwarding!
    if (isFailed || forwarding.hasMissed) {
      await forwarding.close()
      return this.#start()
    }
    try {
      const before = forwarding.inFlight
      const counts = await passive(connection, queue)
      if (this.#isClosed) return
      if (counts === undefined) return await this.#end(done)
      if (counts.consumers > 1) return await this.#end(interrupted)
      const isEmpty = counts.ready === 0 && counts.consumers === 1
      const isIdle = before === 0 && forwarding.inFlight === 0 && !forwarding.hasMissed
      if (isEmpty && isIdle) return await this.#endIfEmpty()
    } catch {
      // The connection's end, or a broker that is slow: it begins anew.
      this.#timer = setTimeout(() => this.#look(true), bounds.clientsLockRetryMs)
      return
    }
    this.#timer = setTimeout(() => this.#look(false), bounds.clientLookIntervalMs)
  }

  /** Once its channel is closed, what is ready is all that there is. */
  async #endIfEmpty(): Promise<void> {
    const { connection, queue, done } = this.#options
    await this.#forwarding?.close()
    const left = await passive(connection, queue)
    if ((left?.ready ?? 0) > 0) return this.#start()
    return this.#end(done)
  }

  async #end(tell: () => void): Promise<void> {
    this.#isClosed = true
    await this.#forwarding?.close()
    tell()
  }
}
