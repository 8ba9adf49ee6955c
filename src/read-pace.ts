import { bounds } from "./core/bounds.ts"

export interface PaceClock {
  /** Milliseconds, from whenever. */
  readonly nowMs: () => number
  /** Does nothing for so long, and lets nothing else be done. */
  readonly restMs: (ms: number) => void
  /** Calls once this turn of the event loop has sent what it has to send. */
  readonly afterTurn: (call: () => void) => void
}

/**
 * Keeps reads apart. A broker sends a few deliveries at a time, and waking up for them costs more than
 * routing them: the system's calls, the event loop, and a processor that has worked for others meanwhile. So
 * while many are on their way, a process that is nothing but a router rests at the end of a turn of its event
 * loop that has read some, until a millisecond has passed since the last such end; the next read
 * brings all that has come by then. Network cards keep their interrupts apart like that. It saves a sixth
 * of the router's CPU. What it has routed is sent before; what comes meanwhile is up to a millisecond late,
 * with many before it. Where little is on its way nothing rests.
 *
 * All else in the process rests as well, HTTP included. A program that embeds a router has other things to
 * do: there nothing rests.
 */
export class ReadPace {
  readonly #clock: PaceClock
  #intervalMs = 0
  #sinceMs = Number.NEGATIVE_INFINITY
  #isTurnOver = true

  constructor(clock: PaceClock) {
    this.#clock = clock
  }

  /** Rests from now on after reads; before this call nothing does. */
  keep(intervalMs: number): void {
    this.#intervalMs = intervalMs
  }

  /**
   * To be called after a read.
   * @param areMany whether many are on their way; asked only where anything rests at all
   */
  hasRead(areMany: () => boolean): void {
    if (this.#intervalMs === 0 || !this.#isTurnOver || !areMany()) return
    this.#isTurnOver = false
    this.#clock.afterTurn(this.#rest)
  }

  readonly #rest = (): void => {
    this.#isTurnOver = true
    const { nowMs, restMs } = this.#clock
    const leftMs = this.#sinceMs + this.#intervalMs - nowMs()
    // Less is over before it has begun.
    if (leftMs >= bounds.readRestMsMin) restMs(leftMs)
    this.#sinceMs = nowMs()
  }
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

/** That of this process. */
export const readPace = new ReadPace({
  nowMs: () => performance.now(),
  restMs: (ms) => {
    Atomics.wait(nobodyWakes, 0, 0, ms)
  },
  // Behind what the read has given to send, which has asked for the same before.
  afterTurn: setImmediate,
})
