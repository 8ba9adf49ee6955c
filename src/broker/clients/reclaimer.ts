import { bounds } from "../../core/bounds.ts"
import { type Progress, progressAfter } from "../../core/clients/progress.ts"
import { isHeldByAnother } from "../refusal.ts"
import { Forwarding, type ForwardingOptions } from "./forwarding.ts"
import { passive } from "./look-at-queue.ts"

export interface ReclaimerOptions
  extends Omit<ForwardingOptions, "prefetch" | "exclusive" | "settlesAcks" | "idle" | "ended"> {
  /** All of it was moved, but for so many messages that the broker takes nowhere: they stay. */
  readonly done: (leftCount: number) => void
  /** Others have begun to consume the queue. */
  readonly interrupted: () => void
  readonly failed: (reason: string) => void
}

/** Empties a queue that a client has left behind. */
export class Reclaimer {
  readonly queue: string
  readonly #options: ReclaimerOptions
  #forwarding: Forwarding | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false
  /** What it reads on has ended, or shall: what is under way settles, and it begins anew. */
  #hasEnded = false
  /** A quorum queue counts a consumer for a moment after its channel was closed: so it may be its own. */
  #closedMs = Number.NEGATIVE_INFINITY
  /** A classic queue with a single active consumer refuses exclusive ones, and keeps others away itself. */
  #isExclusive = true
  #progress: Progress = { channel: undefined, ackedCount: 0, sinceMs: performance.now() }

  constructor(options: ReclaimerOptions) {
    this.#options = options
    this.queue = options.queue
    this.#start()
  }

  /** Whether its oldest message has gone nowhere for so long. */
  isStuck(forMs: number): boolean {
    const [channel, nowMs] = [this.#forwarding, performance.now()]
    this.#progress = progressAfter(this.#progress, channel, channel?.ackCount ?? 0, nowMs)
    return nowMs - this.#progress.sinceMs >= forMs
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#forwarding?.drop().catch(() => {})
  }

  async #start(): Promise<void> {
    if (this.#isClosed) return
    this.#hasEnded = false
    const { connection, queue, failed } = this.#options
    const again = (reason: string) => {
      if (this.#isClosed) return
      failed(reason)
      this.#retry()
    }
    const forwarding = new Forwarding({
      ...this.#options,
      // The same each time: of a quorum queue a smaller one than before gets messages out of order.
      prefetch: bounds.reclaimPrefetch,
      exclusive: this.#isExclusive,
      // Others than a single active consumer would get messages meanwhile.
      settlesAcks: false,
      idle: () => {},
      ended: again,
    })
    this.#forwarding = forwarding
    try {
      const counts = await passive(connection, queue)
      if (counts === undefined) return await this.#end(() => this.#options.done(0))
      if (counts.consumers > 0) {
        if (performance.now() - this.#closedMs >= bounds.clientsLockRetryMs) {
          return await this.#end(this.#options.interrupted)
        }
        this.#next(() => this.#start(), bounds.clientLookIntervalMs)
        return
      }
      await forwarding.open()
      this.#next(() => this.#look(), bounds.clientLookIntervalMs)
    } catch (error) {
      const reason = error instanceof Error ? error.message : "cannot consume"
      // Nobody else had it just now.
      if (isHeldByAnother(reason)) this.#isExclusive = false
      again(reason)
    }
  }

  #retry(): void {
    this.#hasEnded = true
    this.#next(() => this.#look(), bounds.clientsLockRetryMs)
  }

  /** One step is to come at any time. */
  #next(step: () => void, delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(step, delayMs)
  }

  async #look(): Promise<void> {
    if (this.#isClosed) return
    const { connection, queue, done, interrupted } = this.#options
    const forwarding = this.#forwarding!
    // What waits is not given up, but for a failure: what went past it on other ways would come again.
    if (this.#hasEnded || (forwarding.hasMissed && forwarding.inFlight === 0)) {
      await this.#leave()
      return this.#start()
    }
    try {
      const before = forwarding.inFlight
      const counts = await passive(connection, queue)
      if (this.#isClosed || this.#hasEnded) return
      if (counts === undefined) return await this.#end(() => done(0))
      if (counts.consumers > 1) return await this.#end(interrupted)
      const isEmpty = counts.ready === 0 && counts.consumers === 1
      // Large ones may take long, and to close the channel on them would deliver them once more.
      if (isEmpty) await forwarding.arrived()
      if (this.#isClosed || this.#hasEnded) return
      const isIdle = before === 0 && forwarding.inFlight === 0 && !forwarding.hasMissed
      if (isEmpty && isIdle) return await this.#endIfEmpty()
    } catch {
      // The connection's end, or a broker that is slow: it begins anew.
      if (!this.#isClosed) this.#retry()
      return
    }
    this.#next(() => this.#look(), bounds.clientLookIntervalMs)
  }

  /** Once its channel is closed, what is ready is all that there is. */
  async #endIfEmpty(): Promise<void> {
    const { connection, queue, done } = this.#options
    await this.#leave()
    const held = this.#forwarding?.heldCount ?? 0
    const left = await passive(connection, queue)
    if (this.#isClosed) return
    // To read what is held once more would only deliver it again, for ever.
    if ((left?.ready ?? 0) > held) return this.#start()
    return this.#end(() => done(held))
  }

  async #leave(): Promise<void> {
    await this.#forwarding?.close()
    this.#closedMs = performance.now()
  }

  async #end(tell: () => void): Promise<void> {
    this.#isClosed = true
    await this.#forwarding?.close()
    tell()
  }
}
