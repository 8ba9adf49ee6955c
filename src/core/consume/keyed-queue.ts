import { Fifo } from "../fifo.ts"

/**
 * What a message must not run beside: others that have one of these keys; with no keys, nothing; with
 * `"alone"`, anything at all.
 */
export type Keys = readonly string[] | "alone"

/** A message in the queue, from `push` until `finish`. */
export interface Place<Item> {
  readonly item: Item
  readonly keys: Keys
}

interface Waiting<Item> extends Place<Item> {
  /** Of its keys, those that another place holds. */
  heldByOthers: number
}

/**
 * The messages of one partition, in order: which may start while others run. Of messages that share a
 * key the one that came first goes first, to its end, the others after it one by one; those that share
 * none go side by side. Pure: whoever takes a place runs it, and says when it is over.
 */
export class KeyedQueue<Item> {
  /** By key, those that have it, the one that holds it first. */
  readonly #lanes = new Map<string, Fifo<Waiting<Item>>>()
  /** From the first one on that has to be alone; it waits for what is open, the others for it. */
  readonly #later = new Fifo<Waiting<Item>>()
  readonly #ready = new Fifo<Waiting<Item>>()
  readonly #again = new Fifo<Waiting<Item>>()
  /** Admitted and not finished. */
  #open = 0
  #aloneIsOpen = false

  /** Messages that have not been finished. */
  get size(): number {
    return this.#open + this.#later.size
  }

  push(item: Item, keys: Keys): void {
    const distinct = keys === "alone" ? keys : [...new Set(keys)]
    this.#later.push({ item, keys: distinct, heldByOthers: 0 })
    this.#admit()
  }

  /** The next message that may start; from here on it holds its keys. */
  take(): Place<Item> | undefined {
    return this.#again.shift() ?? this.#ready.shift()
  }

  /** One that was taken is to be taken again, before others; it has held its keys all the time. */
  retry(place: Place<Item>): void {
    this.#again.push(place as Waiting<Item>)
  }

  /** One that was taken is over: its keys go to those that wait for them. */
  finish({ keys }: Place<Item>): void {
    this.#open -= 1
    if (keys === "alone") this.#aloneIsOpen = false
    else for (const key of keys) this.#passOn(key)
    this.#admit()
  }

  #passOn(key: string): void {
    const lane = this.#lanes.get(key)!
    lane.shift()
    const next = lane.peek()
    if (next === undefined) this.#lanes.delete(key)
    else if (--next.heldByOthers === 0) this.#ready.push(next)
  }

  #admit(): void {
    for (let next = this.#later.peek(); next !== undefined; next = this.#later.peek()) {
      if (this.#aloneIsOpen || (next.keys === "alone" && this.#open > 0)) return
      this.#later.shift()
      this.#open += 1
      if (next.keys === "alone") this.#aloneIsOpen = true
      else for (const key of next.keys) this.#queueFor(key, next)
      if (next.heldByOthers === 0) this.#ready.push(next)
    }
  }

  #queueFor(key: string, waiting: Waiting<Item>): void {
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = new Fifo()
      this.#lanes.set(key, lane)
    }
    if (lane.size > 0) waiting.heldByOthers += 1
    lane.push(waiting)
  }
}
