/** What to ack: everything up to a tag, and single ones beyond. */
export interface Acks {
  readonly upTo?: number
  readonly single: readonly number[]
}

/**
 * Which deliveries of one channel to ack, of messages that are handled in any order. Everything up to
 * the first that is not handled can go in one ack, which costs the broker little; a single ack for
 * each that is handled beyond it costs more, and of many in a row a quorum queue loses some when the
 * channel closes right behind them. So these are for when the first takes long. Pure.
 */
export class AckPlan {
  /** Everything up to it is handled. */
  #top = 0
  /** Of those, the last that no ack has named: an ack must not name one that is acked already. */
  #owed = 0
  /** Handled beyond `#top`: whether it is acked. */
  readonly #ahead = new Map<number, boolean>()
  #unackedAhead = 0

  /** Handled and not acked because of an earlier one that is not handled. */
  get heldBack(): number {
    return this.#unackedAhead
  }

  /** Messages that an ack was taken for; those that are owed count, too. */
  get acked(): number {
    return this.#top + this.#ahead.size - this.#unackedAhead
  }

  /** Handled and to be acked at once. */
  get isOwing(): boolean {
    return this.#owed > 0
  }

  handled(tag: number): void {
    this.#ahead.set(tag, false)
    this.#unackedAhead += 1
    for (;;) {
      const isAcked = this.#ahead.get(this.#top + 1)
      if (isAcked === undefined) return
      this.#top += 1
      this.#ahead.delete(this.#top)
      if (isAcked) continue
      this.#owed = this.#top
      this.#unackedAhead -= 1
    }
  }

  /**
   * What to ack now; from here on it counts as acked.
   * @param singleMax of those beyond the first that is not handled, no more than this
   */
  take(singleMax = 0): Acks {
    const upTo = this.#owed === 0 ? {} : { upTo: this.#owed }
    this.#owed = 0
    const single: number[] = []
    if (singleMax > 0 && this.#unackedAhead > 0) {
      for (const [tag, isAcked] of this.#ahead) {
        if (single.length === singleMax) break
        if (!isAcked) single.push(tag)
      }
      for (const tag of single) this.#ahead.set(tag, true)
      this.#unackedAhead -= single.length
    }
    return { ...upTo, single }
  }
}
