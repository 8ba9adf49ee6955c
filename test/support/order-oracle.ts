/** One message as the oracle needs to know it: its key, and its place among those of the key (1, 2, …). */
export interface Expected {
  readonly key: string
  readonly revision: number
}

/** What the consumers of one group saw that they should not have. All zero: the promises held. */
export interface Verdict {
  /** Published and confirmed, never delivered. */
  readonly lost: number
  /** First delivered after a later one of the key had been. */
  readonly inverted: number
  /** Delivered in another partition than earlier ones of the key. */
  readonly misplaced: number
  /** Delivered while another consumer was at work on the key. */
  readonly overlapping: number
  /** Delivered with other bytes than published. */
  readonly altered: number
  /** Delivered again. Allowed after a failure only. */
  readonly duplicated: number
}

interface KeySeen {
  readonly partition: number
  last: number
  readonly revisions: Set<number>
  worker: string | undefined
}

/** Watches what the consumers of one group are given. Knows nothing of how PartyMQ works. */
export class OrderOracle {
  readonly #keys = new Map<string, KeySeen>()
  #inverted = 0
  #misplaced = 0
  #overlapping = 0
  #altered = 0
  #duplicated = 0
  #distinct = 0

  /** Different messages seen so far. */
  get distinct(): number {
    return this.#distinct
  }

  /** A consumer starts on a message; `finished` when it is done with it. */
  started(worker: string, partition: number, { key, revision }: Expected, isIntact = true): void {
    const seen = this.#seen(key, partition)
    if (seen.partition !== partition) this.#misplaced += 1
    if (seen.worker !== undefined && seen.worker !== worker) this.#overlapping += 1
    seen.worker = worker
    if (!isIntact) this.#altered += 1
    if (seen.revisions.has(revision)) {
      this.#duplicated += 1
      return
    }
    seen.revisions.add(revision)
    this.#distinct += 1
    if (revision < seen.last) this.#inverted += 1
    seen.last = Math.max(seen.last, revision)
  }

  finished(worker: string, { key }: Expected): void {
    const seen = this.#keys.get(key)
    if (seen?.worker === worker) seen.worker = undefined
  }

  /** Compared with all that was published and confirmed. */
  verdict(published: Iterable<Expected>): Verdict {
    let lost = 0
    for (const { key, revision } of published) {
      if (!this.#keys.get(key)?.revisions.has(revision)) lost += 1
    }
    return {
      lost,
      inverted: this.#inverted,
      misplaced: this.#misplaced,
      overlapping: this.#overlapping,
      altered: this.#altered,
      duplicated: this.#duplicated,
    }
  }

  #seen(key: string, partition: number): KeySeen {
    let seen = this.#keys.get(key)
    if (seen === undefined) {
      seen = { partition, last: 0, revisions: new Set(), worker: undefined }
      this.#keys.set(key, seen)
    }
    return seen
  }
}

export const flawless: Verdict = {
  lost: 0,
  inverted: 0,
  misplaced: 0,
  overlapping: 0,
  altered: 0,
  duplicated: 0,
}
