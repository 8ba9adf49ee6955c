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

  /** Whether it is neither stopped nor over. */
  isRunning(timeout: Timeout): boolean {
    return this.#running.has(timeout)
  }

  /** All of them are over at once, whatever time they have left. */
  endAll(): void {
    for (const timeout of [...this.#running]) this.#end(timeout)
  }

  #end(timeout: Timeout): void {
    if (this.#running.delete(timeout)) timeout.over()
  }

  #wait(forMs: number): void {
    // A longer time would be taken for one of a millisecond.
    this.#timer = setTimeout(this.#check, Math.min(Math.max(1, Math.ceil(forMs)), timerMsMax))
    this.#timer.unref()
  }

  readonly #check = (): void => {
    const nowMs = performance.now()
    try {
      // Those that start meanwhile are not due; the timer is for them as well.
      for (const timeout of this.#running) {
        if (timeout.dueMs > nowMs) break
        this.#end(timeout)
      }
    } finally {
      this.#timer = undefined
      const [oldest] = this.#running
      if (oldest !== undefined) this.#wait(oldest.dueMs - performance.now())
    }
  }
}

const timerMsMax = 2 ** 31 - 1
