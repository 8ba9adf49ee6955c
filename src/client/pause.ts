/** A wait that can be ended early. */
export class Pause {
  #isEnded = false
  #end: () => void = () => {}

  /** Waits so long, or until `end`; not at all if `end` was called since the last wait. */
  for(ms: number): Promise<void> {
    if (this.#isEnded) {
      this.#isEnded = false
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end(), ms)
      this.#end = () => {
        clearTimeout(timer)
        this.#end = () => {}
        this.#isEnded = false
        resolve()
      }
    })
  }

  end(): void {
    this.#isEnded = true
    this.#end()
  }
}

/** Whether something that never rejects ends in that time; waits until then. */
export async function endsWithin(ended: Promise<void>, timeoutMs: number): Promise<boolean> {
  const pause = new Pause()
  let hasEnded = false
  ended.then(() => {
    hasEnded = true
    pause.end()
  })
  await pause.for(timeoutMs)
  return hasEnded
}
