/** One that has been started and has neither been stopped nor is over. */
export interface Timeout {
  /** On the clock of `performance.now`. */
  readonly dueMs: number
  readonly over: () => void
}

/**
 * Timeouts of one length, of which nearly all are stopped long before they are over: they share a timer,
 * which waits for the oldest. It does not keep the process alive; what is waited for does.
 */
export class Timeouts {
  readonly timeoutMs: number
  /** The oldest first. */
  readonly #running = new Set<Timeout>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs
  }

  /** @param over - called once, unless it is stopped before */
  start(over: () => void): Timeout {
    const timeout: Timeout = { dueMs: performance.now() + this.timeoutMs, over }
    this.#running.add(timeout)
    if (this.#timer === undefined) this.#wait(this.timeoutMs)
    return timeout
  }

  /** Idempotent. */
  stop(timeout: Timeout): void {
    this.#running.delete(timeout)
  }

  #wait(forMs: number): void {
    this.#timer = setTimeout(this.#check, forMs)
    this.#timer.unref()
  }

  readonly #check = (): void => {
    this.#timer = undefined
    const nowMs = performance.now()
    for (const timeout of this.#running) {
      if (timeout.dueMs > nowMs) break
      this.#running.delete(timeout)
      timeout.over()
    }
    const [oldest] = this.#running
    if (oldest !== undefined && this.#timer === undefined) {
      this.#wait(Math.max(1, Math.ceil(oldest.dueMs - nowMs)))
    }
  }
}
