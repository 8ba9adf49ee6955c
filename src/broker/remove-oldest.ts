import { bounds } from "../core/bounds.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import type { Delivery } from "./content-reader.ts"
import { countMessages } from "./dead-letters.ts"
import { type QueueReader, readQueue } from "./queue-reader.ts"

export interface RemoveOldestOptions {
  /** No more than so many are removed, whatever arrives meanwhile. */
  readonly most: number
  /** Asked of one after the other; the first that is to stay ends it. */
  readonly mayGo: (delivery: Delivery) => boolean
  /** Ends it early. */
  readonly signal: AbortSignal
  /** Told how many are acked by now. */
  readonly acked: (count: number) => void
}

export interface Removed {
  readonly removed: number
  /** In the queue afterwards, what arrived meanwhile included. */
  readonly left: number
}

/**
 * So many have one ack: fewer than the prefetch, so that the broker goes on sending; and so many that only few
 * acks are on their way at once, of which a quorum queue's channel holds none back.
 */
const ackedAtOnce = bounds.visitedUnackedMax / 4
/** Without a delivery for so long it is looked whether any wait, and after that long none is on its way. */
const quietMs = 200
const dryMs = 1_000

/**
 * Takes messages out of a queue for good, oldest first, on one channel. What is not acked goes back to its
 * place, also when the process dies. It ends early when others have taken the rest.
 *
 * The prefetch is that of `visitMessages`, and for its reason. Nothing is cancelled: what a quorum queue
 * sends just then comes back out of its place. Bodies are not held.
 *
 * @throws {BrokerError} when the queue or the connection is lost; those that `acked` was told of may be gone
 */
export async function removeOldest(
  connection: Connection,
  queue: string,
  { signal, ...options }: RemoveOldestOptions,
): Promise<Removed> {
  const countReady = async () => (await countMessages(connection, queue)) ?? 0
  if (options.most === 0) return { removed: 0, left: await countReady() }
  const removal = new Removal(options)
  const end = () => removal.end()
  const reader = await readQueue(connection, queue, {
    prefetch: bounds.visitedUnackedMax,
    delivered: (delivery, from) => removal.take(delivery, from),
    ended: (reason) => removal.fail(reason),
  })
  try {
    signal.addEventListener("abort", end)
    if (signal.aborted) end()
    await removal.untilOver(reader, countReady)
    removal.ack(reader)
    await removal.untilStill()
    const ready = await countReady()
    removal.mustNotHaveFailed()
    return { removed: removal.removed, left: ready + removal.held }
  } finally {
    signal.removeEventListener("abort", end)
    await reader.close()
  }
}

class Removal {
  readonly #options: Omit<RemoveOldestOptions, "signal">
  readonly #over = Promise.withResolvers<void>()
  #isOver = false
  #delivered = 0
  #removed = 0
  #acked = 0
  #lastTag = 0
  #failure: string | undefined

  constructor(options: Omit<RemoveOldestOptions, "signal">) {
    this.#options = options
  }

  get removed(): number {
    return this.#removed
  }

  /** Delivered, and to go back to its place. */
  get held(): number {
    return this.#delivered - this.#removed
  }

  take(delivery: Delivery, reader: QueueReader): void {
    this.#delivered += 1
    if (this.#isOver) return
    if (!this.#options.mayGo(delivery)) {
      this.end()
      return
    }
    this.#removed += 1
    this.#lastTag = delivery.deliveryTag
    if (this.#removed - this.#acked >= ackedAtOnce) this.ack(reader)
    if (this.#removed === this.#options.most) this.end()
  }

  /** All that is to be removed and is not acked. */
  ack(reader: QueueReader): void {
    if (this.#acked === this.#removed) return
    reader.ackUpTo({ deliveryTag: this.#lastTag })
    this.#acked = this.#removed
    this.#options.acked(this.#acked)
  }

  end(): void {
    this.#isOver = true
    this.#over.resolve()
  }

  fail(reason: string): void {
    this.#failure = reason
    this.end()
  }

  /** The channel can be lost after it was over, and what was acked on it with it. */
  mustNotHaveFailed(): void {
    if (this.#failure !== undefined) throw new BrokerError(this.#failure)
  }

  /** Until no more is to be removed, or nothing waits any more. */
  async untilOver(reader: QueueReader, countReady: () => Promise<number>): Promise<void> {
    let silentMs = 0
    while (!this.#isOver) {
      const before = this.#delivered
      await Promise.race([this.#over.promise, Bun.sleep(quietMs)])
      const isSilent = this.#delivered === before
      silentMs = isSilent ? silentMs + quietMs : 0
      if (this.#isOver || !isSilent) continue
      this.ack(reader)
      if ((await countReady()) === 0 && silentMs >= dryMs) this.end()
      else if (silentMs >= bounds.requestTimeoutMs)
        throw new BrokerError("the queue delivers nothing")
    }
    this.mustNotHaveFailed()
  }

  /** Lets arrive what is on its way, to be counted. Nothing is, once all is held that may be. */
  async untilStill(): Promise<void> {
    if (this.held < bounds.visitedUnackedMax) await Bun.sleep(quietMs)
  }
}
