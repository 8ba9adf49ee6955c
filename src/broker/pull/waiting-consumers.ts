/** Consumers of a group that wait for messages, in the order in which they came. */
export class WaitingConsumers<Given> {
  readonly #waiting = new Set<Waiting<Given>>()

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Waits until `give` gives something, which is asked for by `serve`. `undefined` once the time is over
   * or one of the signals is aborted.
   */
  wait(
    give: () => Given | undefined,
    waitMs: number,
    signals: readonly AbortSignal[],
  ): Promise<Given | undefined> {
    if (signals.some(({ aborted }) => aborted)) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const end = (given?: Given) => {
        clearTimeout(timer)
        for (const signal of signals) signal.removeEventListener("abort", onAbort)
        this.#waiting.delete(waiting)
        resolve(given)
      }
      const onAbort = () => end()
      const timer = setTimeout(onAbort, waitMs)
      const waiting = { give, end }
      for (const signal of signals) signal.addEventListener("abort", onAbort)
      this.#waiting.add(waiting)
    })
  }

  /** Gives to one after the other, until there is nothing for the next. */
  serve(): void {
    for (const { give, end } of this.#waiting) {
      const given = give()
      if (given === undefined) return
      end(given)
    }
  }

  /** Nobody waits any longer. */
  endAll(given?: Given): void {
    for (const { end } of [...this.#waiting]) end(given)
  }
}

interface Waiting<Given> {
  readonly give: () => Given | undefined
  readonly end: (given?: Given) => void
}
