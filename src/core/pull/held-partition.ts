import { Fifo } from "../fifo.ts"
import type { Held } from "./held.ts"

/** What is held of one partition: a line for each key, in the order in which the messages came. */
export class HeldPartition<Message> {
  readonly index: number
  /** Those that are here, oldest first; without those that are lost. */
  readonly held = new Set<Held<Message>>()
  /** Those that are lost, oldest first. */
  readonly lost = new Set<Held<Message>>()
  bytes = 0
  #lines = new Map<string, Fifo<Held<Message>>>()

  constructor(index: number) {
    this.index = index
  }

  enter(held: Held<Message>): void {
    this.held.add(held)
    this.bytes += held.bytes
    this.#queue(held)
  }

  isFirst(held: Held<Message>): boolean {
    return held.keys.every((key) => this.#lines.get(key)?.peek() === held)
  }

  /** Takes the first of its lines away; answers who is the first of them now. */
  leave(held: Held<Message>): readonly Held<Message>[] {
    if (this.held.delete(held)) this.bytes -= held.bytes
    this.lost.delete(held)
    return held.keys.flatMap((key) => {
      const line = this.#lines.get(key)
      line?.shift()
      const next = line?.peek()
      if (next === undefined) this.#lines.delete(key)
      return next === undefined ? [] : [next]
    })
  }

  /** Nothing is here any more but these, which are lost, and those that were lost before. */
  clear(lost: readonly Held<Message>[]): void {
    this.held.clear()
    this.bytes = 0
    this.#lines.clear()
    for (const held of lost) this.lost.add(held)
    for (const held of this.lost) this.#queue(held)
  }

  #queue(held: Held<Message>): void {
    for (const key of held.keys) {
      const line = this.#lines.get(key)
      if (line !== undefined) line.push(held)
      else this.#lines.set(key, lineOf(held))
    }
  }
}

function lineOf<Message>(held: Held<Message>): Fifo<Held<Message>> {
  const line = new Fifo<Held<Message>>()
  line.push(held)
  return line
}
