import { bounds } from "../core/bounds.ts"
import { turnsDue } from "../core/consume/turns-due.ts"

export interface HandOverTurnsOptions<Partition> {
  /** What is to be given back and goes on as before; looked at before each turn. */
  readonly due: () => readonly Partition[]
  /** From here on it is not due. */
  readonly begin: (partition: Partition) => void
}

/**
 * Has partitions given back one after another. When a channel closes the broker takes back what was
 * unacked on it and delivers as much to the next owner, and partitions whose channels close together
 * wait for each other's; one that waits for its turn goes on handling messages instead.
 */
export class HandOverTurns<Partition> {
  readonly #options: HandOverTurnsOptions<Partition>
  #pause: ReturnType<typeof setTimeout> | undefined
  #allBegunByMs = 0

  constructor(options: HandOverTurnsOptions<Partition>) {
    this.#options = options
  }

  /** Begins with what is due, and goes on until nothing is. */
  start(): void {
    if (this.#pause !== undefined) return
    this.#allBegunByMs = performance.now() + bounds.handOverSpreadMs
    this.#turn()
  }

  readonly #turn = (): void => {
    this.#pause = undefined
    const due = this.#options.due()
    if (due.length === 0) return
    const leftMs = this.#allBegunByMs - performance.now()
    const count = turnsDue(due.length, leftMs, bounds.handOverPauseMs)
    this.#pause = setTimeout(this.#turn, bounds.handOverPauseMs)
    for (const each of due.slice(0, count)) this.#options.begin(each)
  }
}
