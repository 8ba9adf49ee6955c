/** A first-in-first-out queue whose `shift` costs the same however long it is. */
export class Fifo<T> {
  /** What was shifted is `undefined` until it is cleared away: it may be large. */
  #items: (T | undefined)[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head > 256 && this.#head * 2 > this.#items.length) this.replace(this.toArray())
    return item
  }

  /** Oldest first; a copy. */
  toArray(): T[] {
    return this.#items.slice(this.#head) as T[]
  }

  replace(items: T[]): void {
    this.#items = items
    this.#head = 0
  }
}
