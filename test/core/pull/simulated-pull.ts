import type { Leaving } from "../../../src/core/pull/lease.ts"
import { Leases } from "../../../src/core/pull/leases.ts"
import type { Random } from "../../support/seed.ts"

interface Message {
  /** Counts through all of them. */
  readonly serial: number
  readonly partition: number
  readonly keys: readonly string[]
  isDone: boolean
  /** In this session of its partition. */
  deliveries: number
  notBeforeMs: number
}

/** A lease as its consumer knows it. */
interface Known {
  readonly number: number
  readonly message: Message
  readonly consumer: string
  endsMs: number
  /** Its channel is gone. */
  isLost: boolean
  isOver: boolean
}

const partitions = 3
const prefetch = 6
const deliveriesMax = 3
const consumers = ["a", "b", "c"]

/**
 * Partition queues of a broker with one reader each, consumers that pull, and an account of all that
 * must hold, which knows nothing of how leases are kept. What does not hold throws.
 */
export class SimulatedPull {
  readonly leases = new Leases<Message>({ deliveriesMax, lostMax: 100 })
  nowMs = 0
  readonly messages: Message[] = []
  readonly #random: Random
  /** By partition, in order: what the reader has, and what it does not have yet. */
  readonly #unacked: Message[][] = Array.from({ length: partitions }, () => [])
  readonly #waiting: Message[][] = Array.from({ length: partitions }, () => [])
  readonly #known: Known[] = []
  #leaving: Leaving<Message>[] = []
  readonly seen = { given: 0, expired: 0, lost: 0, stale: 0, dead: 0 }

  constructor(random: Random) {
    this.#random = random
  }

  publish(): void {
    const partition = this.#random.integer(partitions)
    const key = () => `p${partition}.k${this.#random.integer(4)}`
    const keys = this.#random.pick([[], [key()], [key()], [key()], [key(), key()]])
    const serial = this.messages.length
    const message = { serial, partition, keys, isDone: false, deliveries: 0, notBeforeMs: 0 }
    this.messages.push(message)
    this.#waiting[partition]!.push(message)
    this.#deliver(partition)
  }

  take(): void {
    const consumer = this.#random.pick(consumers)
    const max = 1 + this.#random.integer(4)
    const visibilityTimeoutMs = 1 + this.#random.integer(100)
    const taking = { consumer, max, bytesMax: 3, visibilityTimeoutMs }
    const taken = this.leases.take(taking, this.nowMs)
    this.#expire()
    must(taken.length <= max, "no more than asked for")
    for (const { number, message, deliveries } of taken) {
      this.seen.given += 1
      message.deliveries += 1
      must(deliveries === message.deliveries, "deliveries are counted")
      must(!this.#known.some((known) => known.number === number), "a number is used once")
      must(!message.isDone, "what is done with is given to nobody")
      must(message.notBeforeMs <= this.nowMs, "a delay is kept")
      for (const other of this.#live()) {
        const shared = other.message.keys.filter((key) => message.keys.includes(key))
        must(shared.length === 0, `${shared} is with one consumer at a time`)
        must(other.isLost || other.message !== message, "a message is leased once")
      }
      const earlier = this.messages.slice(0, message.serial).filter(({ isDone }) => !isDone)
      const overtaken = earlier.filter(({ keys }) => keys.some((key) => message.keys.includes(key)))
      must(overtaken.length === 0, "nothing overtakes an earlier one of its key")
      const endsMs = this.nowMs + visibilityTimeoutMs
      this.#known.push({ number, message, consumer, endsMs, isLost: false, isOver: false })
    }
  }

  ack(): void {
    const known = this.#pick()
    if (known === undefined) return
    const isStale = this.#isStale(known)
    const acked = this.leases.ack(known.number, this.nowMs)
    must(acked === (isStale ? undefined : known.message), "an ack counts while the lease lasts")
    known.isOver = true
    if (!isStale) this.#done(known.message)
    else this.seen.stale += 1
  }

  nack(): void {
    const known = this.#pick()
    if (known === undefined) return
    const isStale = this.#isStale(known)
    const delayMs = this.#random.pick([0, 0, 30])
    must(this.leases.nack(known.number, delayMs, this.nowMs) !== isStale, "a nack counts likewise")
    known.isOver = true
    const { message } = known
    if (!isStale && message.deliveries < deliveriesMax) message.notBeforeMs = this.nowMs + delayMs
    this.#collect()
  }

  extend(): void {
    const known = this.#pick()
    if (known === undefined) return
    const isStale = this.#isStale(known)
    must(
      this.leases.extend(known.number, 50, this.nowMs) !== isStale,
      "an extension counts likewise",
    )
    if (!isStale) known.endsMs = this.nowMs + 50
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.leases.pass(this.nowMs)
    this.#expire()
    this.#collect()
    must((this.leases.nextDueMs ?? Number.POSITIVE_INFINITY) > this.nowMs, "nothing due is left")
  }

  /** What becomes of a dead letter. */
  bury(): void {
    const leaving = this.#leaving.shift()
    if (leaving === undefined) return
    const { message } = leaving
    if (this.#random.integer(4) === 0) {
      this.leases.stays(leaving, 20, this.nowMs)
      if (this.#unacked[message.partition]!.includes(message)) {
        message.notBeforeMs = Math.max(message.notBeforeMs, this.nowMs + 20)
      }
      return
    }
    if (!this.leases.left(leaving)) return
    this.seen.dead += 1
    this.#done(message)
  }

  /** The channel of a partition goes, and another is opened. */
  lose(): void {
    const partition = this.#random.integer(partitions)
    this.pass(0)
    this.leases.lost(partition)
    this.#leaving = this.#leaving.filter(({ message }) => message.partition !== partition)
    for (const known of this.#live()) {
      if (known.message.partition !== partition) continue
      known.isLost = true
      if (known.message.keys.length === 0) known.isOver = true
      this.seen.lost += 1
    }
    const back = this.#unacked[partition]!.splice(0)
    for (const message of back) {
      message.deliveries = 0
      message.notBeforeMs = 0
    }
    this.#waiting[partition]!.unshift(...back)
    this.#deliver(partition)
  }

  /** Consumers do their work from now on; all is done in time that grows with what there is. */
  finish(): void {
    for (let round = 0; this.messages.some(({ isDone }) => !isDone); round++) {
      must(round < 20 + 10 * this.messages.length, "nothing starves")
      this.pass(40)
      for (let n = 0; n < 4; n++) {
        this.take()
        for (const known of this.#live()) if (!known.isLost) this.#settle(known)
        this.bury()
      }
    }
    must(this.leases.leased === 0, "nothing is leased in the end")
  }

  #settle(known: Known): void {
    must(this.leases.ack(known.number, this.nowMs) === known.message, "it can be acked")
    known.isOver = true
    this.#done(known.message)
  }

  #done(message: Message): void {
    must(!message.isDone, "a message is done with once")
    message.isDone = true
    const unacked = this.#unacked[message.partition]!
    unacked.splice(unacked.indexOf(message), 1)
    this.#deliver(message.partition)
  }

  #deliver(partition: number): void {
    const unacked = this.#unacked[partition]!
    while (unacked.length < prefetch && this.#waiting[partition]!.length > 0) {
      const message = this.#waiting[partition]!.shift()!
      unacked.push(message)
      this.leases.arrived({ partition, message, bytes: 1, keys: message.keys })
    }
    must(this.leases.size(partition).messages === unacked.length, "as much is held as came")
    must(this.leases.size(partition).bytes === unacked.length, "and as many bytes")
  }

  /** Any lease that there was, mostly one of the last. */
  #pick(): Known | undefined {
    const recent = this.#random.integer(3) > 0 ? this.#known.slice(-6) : this.#known
    return recent.length === 0 ? undefined : this.#random.pick(recent)
  }

  #live(): Known[] {
    return this.#known.filter((known) => !known.isOver && known.endsMs > this.nowMs)
  }

  #isStale(known: Known): boolean {
    return known.isOver || known.isLost || known.endsMs <= this.nowMs
  }

  #expire(): void {
    for (const known of this.#known) {
      if (known.isOver || known.endsMs > this.nowMs) continue
      known.isOver = true
      this.seen.expired += 1
    }
  }

  #collect(): void {
    for (const leaving of this.leases.takeLeaving()) {
      must(leaving.deliveries >= deliveriesMax, "only what was given out often enough leaves")
      this.#leaving.push(leaving)
    }
  }
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`does not hold: ${what}`)
}
