import { bounds } from "../bounds.ts"

interface Sent {
  /** Messages that were acked by then, in all. */
  readonly acked: number
  readonly count: number
}

/**
 * Counts the acks of one channel that its queue may not have taken yet. A queue delivers the n-th message
 * only when it has taken acks of all but a prefetch of the n, and takes acks in their order: that is the
 * only sign of an ack's arrival that there is. Pure.
 */
export class UnsettledAcks {
  readonly #prefetch: number
  readonly #sent: Sent[] = []
  #count = 0

  constructor(prefetch: number) {
    this.#prefetch = prefetch
  }

  /** No fewer than there are. */
  get count(): number {
    return this.#count
  }

  /**
   * Whether some may be lost when the channel closes: a quorum queue's channel holds acks back while many
   * are on their way, as when the disk is slow, and forgets them at its end.
   */
  get areInDoubt(): boolean {
    return this.#count > bounds.unsettledAcksMax
  }

  /** @param acked messages that are acked with these, in all */
  sent(count: number, acked: number): void {
    if (count === 0) return
    this.#sent.push({ acked, count })
    this.#count += count
  }

  /** @param tag counts 1, 2, 3, … */
  delivered(tag: number): void {
    while (this.#sent.length > 0 && this.#sent[0]!.acked <= tag - this.#prefetch) {
      this.#count -= this.#sent.shift()!.count
    }
  }
}
