/** Something that may come due. Both fields belong to the queue. */
export interface Due {
  dueMs: number
  /** Its place in the queue; -1 when it is in none. */
  duePlace: number
}

/** A binary heap by time that knows the place of each of its items: to move or remove one costs log n. */
export class DueQueue<Item extends Due> {
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  /** When the first comes due. */
  get nextMs(): number | undefined {
    return this.#items[0]?.dueMs
  }

  /** Adds an item, or gives one that is here another time. */
  set(item: Item, dueMs: number): void {
    item.dueMs = dueMs
    if (item.duePlace < 0) {
      item.duePlace = this.#items.length
      this.#items.push(item)
    }
    this.#settle(item)
  }

  delete(item: Item): void {
    const place = item.duePlace
    if (place < 0) return
    item.duePlace = -1
    const last = this.#items.pop()!
    if (last === item) return
    this.#put(last, place)
    this.#settle(last)
  }

  /** Removes the first, if it is due. */
  shift(nowMs: number): Item | undefined {
    const [first] = this.#items
    if (first === undefined || first.dueMs > nowMs) return undefined
    this.delete(first)
    return first
  }

  #settle(item: Item): void {
    while (item.duePlace > 0) {
      const parent = this.#items[(item.duePlace - 1) >> 1]!
      if (parent.dueMs <= item.dueMs) break
      this.#swap(item, parent)
    }
    for (let child = this.#earlierChild(item); child; child = this.#earlierChild(item)) {
      if (child.dueMs >= item.dueMs) break
      this.#swap(item, child)
    }
  }

  #earlierChild({ duePlace }: Item): Item | undefined {
    const left = this.#items[2 * duePlace + 1]
    const right = this.#items[2 * duePlace + 2]
    return left && right && right.dueMs < left.dueMs ? right : left
  }

  #swap(one: Item, other: Item): void {
    const place = one.duePlace
    this.#put(one, other.duePlace)
    this.#put(other, place)
  }

  #put(item: Item, place: number): void {
    item.duePlace = place
    this.#items[place] = item
  }
}
