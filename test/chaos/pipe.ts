import type { Socket } from "node:net"
import type { Direction, Weather } from "./weather.ts"

/** Carries bytes, and the end of them, from one socket to another, as the weather allows. */
export class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #direction: Direction
  readonly #weather: Weather
  /** Everything in the order in which it came. */
  #last: Promise<void> = Promise.resolve()
  #underWay = 0

  constructor(from: Socket, to: Socket, direction: Direction, weather: Weather) {
    this.#from = from
    this.#to = to
    this.#direction = direction
    this.#weather = weather
    let isReset = false
    from.on("data", (bytes: Buffer) => {
      from.pause()
      this.#underWay += 1
      this.#then(async () => {
        await this.#pass(bytes)
        this.#underWay -= 1
        if (this.#underWay === 0) from.resume()
      })
    })
    from.on("end", () => this.#end(() => to.end()))
    from.on("error", () => {
      isReset = true
    })
    from.on("close", () => this.#end(() => (isReset ? to.resetAndDestroy() : to.destroySoon())))
  }

  #then(step: () => Promise<void>): void {
    this.#last = this.#last.then(step)
  }

  async #pass(bytes: Buffer): Promise<void> {
    const size = await this.#weather.passes(this.#direction, bytes.length)
    if (this.#to.destroyed) return
    if (size < bytes.length) {
      this.#to.end(bytes.subarray(0, size))
      this.#from.resetAndDestroy()
      return
    }
    if (!this.#to.write(bytes)) await this.#drained()
  }

  #end(tell: () => void): void {
    this.#then(async () => {
      await this.#weather.passesEnd(this.#direction)
      if (!this.#to.destroyed) tell()
    })
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        this.#to.off("drain", go)
        this.#to.off("close", go)
        resolve()
      }
      this.#to.on("drain", go)
      this.#to.on("close", go)
    })
  }
}
