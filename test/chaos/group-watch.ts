import type { Delivery } from "../../src/broker/content-reader.ts"
import { type Expected, OrderOracle, type Verdict } from "../support/order-oracle.ts"
import { eventIn, isIntact } from "./chaos-event.ts"
import type { DeliveryWatch } from "./queue-consumer.ts"

const examplesMax = 10

/** What one group was given: the oracle's verdict, with examples of what it found. */
export class GroupWatch implements DeliveryWatch {
  readonly name: string
  readonly #oracle = new OrderOracle()
  readonly #startedMs = performance.now()
  /** Arrived in a partition queue without having been published, or although it is poison. */
  strays = 0
  /** Found so far, for people: the first few. */
  readonly examples: string[] = []
  #before: Verdict = this.#oracle.verdict([])

  constructor(name: string) {
    this.name = name
  }

  /** Different messages seen so far. */
  get distinct(): number {
    return this.#oracle.distinct
  }

  started(worker: string, partition: number, delivery: Delivery): () => void {
    const event = eventIn(delivery)
    if (event === undefined || event.isPoison) {
      this.strays += 1
      this.#example(`${event?.id ?? "an unknown message"} in partition ${partition}`)
      return () => {}
    }
    this.#oracle.started(worker, partition, event, isIntact(event, delivery))
    this.#noteNew(`${event.id} in partition ${partition} for ${worker}`)
    return () => this.#oracle.finished(worker, event)
  }

  verdict(confirmed: readonly Expected[]): Verdict {
    const verdict = this.#oracle.verdict(confirmed)
    if (verdict.lost > 0) {
      const lost = confirmed.filter((each) => this.#oracle.verdict([each]).lost > 0)
      for (const { key, revision } of lost) this.#example(`lost ${key}#${revision}`)
    }
    return verdict
  }

  #noteNew(what: string): void {
    const now = this.#oracle.verdict([])
    for (const field of ["inverted", "misplaced", "overlapping", "altered"] as const) {
      if (now[field] > this.#before[field]) this.#example(`${field} ${what}`)
    }
    this.#before = now
  }

  #example(text: string): void {
    if (this.examples.length >= examplesMax) return
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1)
    this.examples.push(`${this.name} at ${seconds} s: ${text}`)
  }
}
