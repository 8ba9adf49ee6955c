/**
 * What is open on one channel, by the tags that count it 1, 2, 3, …: the publishes that the broker has not
 * confirmed, or the deliveries that have not been acked. They are settled in any order, one at a time or, with
 * `multiple`, all up to one.
 */
export class TagWindow<T> {
  /** By tag; what is settled is `undefined` until it leaves at the front. */
  #items: (T | undefined)[] = []
  #head = 0
  #firstTag = 1
  #size = 0

  /** How many are open. */
  get size(): number {
    return this.#size
  }

  get oldest(): T | undefined {
    return this.#items[this.#head]
  }

  /** The tag of the oldest that is open, else of the next to come: all before it has settled. */
  get oldestTag(): number {
    return this.#firstTag
  }

  /** The tag of the newest, settled or not; 0 before the first. */
  get newestTag(): number {
    return this.#firstTag + this.#items.length - this.#head - 1
  }

  /** Notes the next; call in the order of the channel. */
  push(item: T): void {
    this.#items.push(item)
    this.#size += 1
  }

  /** Oldest first; a copy. */
  toArray(): T[] {
    return this.#between(this.#firstTag, this.newestTag)
  }

  /** Those with this tag or an older one, oldest first; a copy. */
  upTo(tag: number): T[] {
    return this.#between(this.#firstTag, tag)
  }

  /** Those with a newer tag, oldest first; a copy. */
  after(tag: number): T[] {
    return this.#between(tag + 1, this.newestTag)
  }

  #between(first: number, last: number): T[] {
    const index = (tag: number) => Math.max(this.#head, this.#head + tag - this.#firstTag)
    return this.#items.slice(index(first), index(last + 1)).filter((item) => item !== undefined)
  }

  /** Settles one; a tag that is unknown or settled is left alone. */
  remove(tag: number): T | undefined {
    const index = this.#head + tag - this.#firstTag
    if (index < this.#head || index >= this.#items.length) return undefined
    const item = this.#take(index)
    this.#advance()
    return item
  }

  /** Settles all, and tells of none. */
  clear(): void {
    this.#firstTag = this.newestTag + 1
    this.#items = []
    this.#head = 0
    this.#size = 0
  }

  /** Takes out what an answer settles, oldest first. Tags that are unknown or settled give nothing. */
  settle(tag: number, multiple: boolean, visit: (item: T) => void): void {
    if (multiple) this.#settleUpTo(tag, visit)
    else {
      const item = this.remove(tag)
      // Only now: a visitor may publish, which pushes.
      if (item !== undefined) visit(item)
    }
  }

  #settleUpTo(tag: number, visit: (item: T) => void): void {
    const index = this.#head + tag - this.#firstTag
    if (index >= this.#items.length) return
    const taken: T[] = []
    for (let i = this.#head; i <= index; i++) {
      const item = this.#take(i)
      if (item !== undefined) taken.push(item)
    }
    this.#advance()
    for (const item of taken) visit(item)
  }

  #take(index: number): T | undefined {
    const item = this.#items[index]
    if (item === undefined) return undefined
    this.#items[index] = undefined
    this.#size -= 1
    return item
  }

  #advance(): void {
    while (this.#head < this.#items.length && this.#items[this.#head] === undefined) {
      this.#head += 1
      this.#firstTag += 1
    }
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }
}
