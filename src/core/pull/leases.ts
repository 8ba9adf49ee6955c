import { DueQueue } from "./due-queue.ts"
import type { Held } from "./held.ts"
import { HeldPartition } from "./held-partition.ts"
import type { Arrival, Lease, LeaseCounts, LeaseRules, Leaving, Taking } from "./lease.ts"
import { LeaseIndex } from "./lease-index.ts"

/**
 * The messages of a group that are held for those who pull, and the leases on them. A key of which a
 * message is leased, delayed or leaving is given to nobody.
 *
 * Time comes with the calls, and never goes back. Whatever ends by then has ended before the call.
 */
export class Leases<Message> {
  readonly #rules: LeaseRules
  readonly #partitions = new Map<number, HeldPartition<Message>>()
  /** In the order in which they became so: each key gets a turn before any gets its second. */
  readonly #ready = new Set<Held<Message>>()
  /** Leased, delayed or lost. */
  readonly #due = new DueQueue<Held<Message>>()
  readonly #leases = new LeaseIndex<Message>()
  #leaving: Held<Message>[] = []
  readonly #since = { delivered: 0, acked: 0, expired: 0 }

  constructor(rules: LeaseRules) {
    this.#rules = rules
  }

  get counts(): LeaseCounts {
    return this.#since
  }

  /** Messages that are leased, without those whose channel is gone. */
  get leased(): number {
    return this.#leases.size
  }

  /** Whether there is something to be had, as of the last call. */
  get isReady(): boolean {
    return this.#ready.size > 0
  }

  /** When to call `pass`. */
  get nextDueMs(): number | undefined {
    return this.#due.nextMs
  }

  /** What is held of a partition. */
  size(partition: number): { readonly messages: number; readonly bytes: number } {
    const { held, bytes } = this.#partition(partition)
    return { messages: held.size, bytes }
  }

  /** A message has come, behind all that came before in its partition. */
  arrived({ partition, message, bytes, keys }: Arrival<Message>): void {
    const held: Held<Message> = {
      ...{ partition: this.#partition(partition), message, bytes, keys: [...new Set(keys)] },
      ...{ state: "behind", deliveries: 0, lease: 0, consumer: "", dueMs: 0, duePlace: -1 },
    }
    held.partition.enter(held)
    this.#step(held)
  }

  /** Gives out what is ready. */
  take(taking: Taking, nowMs: number): readonly Lease<Message>[] {
    this.pass(nowMs)
    const taken: Lease<Message>[] = []
    let bytes = 0
    for (const held of this.#ready) {
      bytes += held.bytes
      if (taken.length === taking.max || (taken.length > 0 && bytes > taking.bytesMax)) break
      this.#ready.delete(held)
      this.#since.delivered += 1
      held.state = "leased"
      held.deliveries += 1
      this.#leases.begin(held, taking.consumer)
      this.#due.set(held, nowMs + taking.visibilityTimeoutMs)
      taken.push(leaseOf(held))
    }
    return taken
  }

  /** A lease's message is done with. `undefined` for a lease that is none any more. */
  ack(lease: number, nowMs: number): Message | undefined {
    const held = this.#lastHeard(lease, nowMs)
    if (held === undefined) return undefined
    this.#since.acked += 1
    this.#endLease(held)
    this.#leave(held)
    return held.message
  }

  /** A lease's message is to be given again, not before `delayMs` is over. */
  nack(lease: number, delayMs: number, nowMs: number): boolean {
    const held = this.#lastHeard(lease, nowMs)
    if (held === undefined) return false
    this.#endLease(held)
    this.#giveBack(held, delayMs, nowMs)
    return true
  }

  /** A lease ends so long from now. */
  extend(lease: number, visibilityTimeoutMs: number, nowMs: number): boolean {
    this.pass(nowMs)
    const held = this.#leases.get(lease)
    if (held?.state !== "leased") return false
    this.#due.set(held, nowMs + visibilityTimeoutMs)
    return true
  }

  /** The leases of a consumer, oldest first. */
  leasesOf(consumer: string, nowMs: number): readonly Lease<Message>[] {
    this.pass(nowMs)
    return this.#leases.of(consumer).map(leaseOf)
  }

  /** What is due by now happens. */
  pass(nowMs: number): void {
    for (let held = this.#due.shift(nowMs); held; held = this.#due.shift(nowMs)) {
      if (held.state === "lost") this.#forget(held)
      else if (held.state === "delayed") this.#makeReady(held)
      else {
        this.#since.expired += 1
        this.#endLease(held)
        this.#giveBack(held, 0, nowMs)
      }
    }
  }

  /** Those that are to become dead letters, each once; `left` or `stays` is to be called for it. */
  takeLeaving(): readonly Leaving<Message>[] {
    const leaving = this.#leaving.filter(({ state }) => state === "leaving")
    this.#leaving = []
    return leaving.map((held) => {
      return { message: held.message!, deliveries: held.deliveries, held }
    })
  }

  /** It is a dead letter now. `false` if its channel went meanwhile: it will come again all the same. */
  left({ held }: Leaving<Message>): boolean {
    if (held.state !== "leaving") return false
    this.#leave(held)
    return true
  }

  /** It cannot become one: it is given out again, after a while. */
  stays({ held }: Leaving<Message>, delayMs: number, nowMs: number): void {
    if (held.state === "leaving") this.#delay(held, delayMs, nowMs)
  }

  /** The channel of a partition is gone, and all that came on it will come again. */
  lost(partition: number): void {
    const from = this.#partition(partition)
    const lost: Held<Message>[] = []
    for (const held of from.held) {
      this.#ready.delete(held)
      // Its consumer may be at work on it: until that is over, nobody is to be at work on its key.
      if (held.state === "leased" && held.keys.length > 0) lost.push(held)
      else this.#vanish(held)
    }
    for (const held of lost) {
      held.state = "lost"
      held.message = undefined
      this.#leases.lose(held)
    }
    from.clear(lost)
    for (const held of from.lost) {
      if (from.lost.size <= this.#rules.lostMax) break
      this.#due.delete(held)
      this.#forget(held)
    }
  }

  #vanish(held: Held<Message>): void {
    if (held.state === "leased") this.#leases.end(held)
    this.#due.delete(held)
    held.state = "gone"
  }

  /** A consumer says the last that it has to say of a lease. */
  #lastHeard(lease: number, nowMs: number): Held<Message> | undefined {
    this.pass(nowMs)
    const held = this.#leases.get(lease)
    if (held?.state !== "lost") return held
    this.#due.delete(held)
    this.#forget(held)
    return undefined
  }

  #forget(held: Held<Message>): void {
    this.#leases.forget(held)
    this.#leave(held)
  }

  #endLease(held: Held<Message>): void {
    this.#due.delete(held)
    this.#leases.end(held)
  }

  #giveBack(held: Held<Message>, delayMs: number, nowMs: number): void {
    if (held.deliveries >= this.#rules.deliveriesMax) {
      held.state = "leaving"
      this.#leaving.push(held)
    } else if (delayMs > 0) this.#delay(held, delayMs, nowMs)
    else this.#makeReady(held)
  }

  #delay(held: Held<Message>, delayMs: number, nowMs: number): void {
    held.state = "delayed"
    this.#due.set(held, nowMs + delayMs)
  }

  #makeReady(held: Held<Message>): void {
    held.state = "ready"
    this.#ready.add(held)
  }

  #leave(held: Held<Message>): void {
    held.state = "gone"
    for (const next of held.partition.leave(held)) this.#step(next)
  }

  /** It is ready if nobody is before it any more. */
  #step(held: Held<Message>): void {
    if (held.state === "behind" && held.partition.isFirst(held)) this.#makeReady(held)
  }

  #partition(index: number): HeldPartition<Message> {
    let partition = this.#partitions.get(index)
    if (partition === undefined) {
      partition = new HeldPartition(index)
      this.#partitions.set(index, partition)
    }
    return partition
  }
}

const leaseOf = <Message>({ lease, message, deliveries }: Held<Message>): Lease<Message> => ({
  number: lease,
  message: message!,
  deliveries,
})
