import type { ChannelEnd } from "../../src/core/channel-end.ts"
import type { Lane, Parcel } from "../../src/core/lane.ts"
import { type GroupStats, groupStats } from "../../src/core/stats.ts"

interface Sent {
  readonly parcel: Parcel
  readonly tag: number
  readonly isProbe: boolean
  answer?: "ack" | "nack"
  /** A return for its lane came while it was in flight. */
  isSuspect: boolean
  isReturned: boolean
  /** Later publishes of its key that were on the wire when its refusal arrived. */
  overtakers: Sent[]
}

/**
 * Looks at nothing but the frames between outbox and broker, and throws on the first that must not
 * be. Counts, from the frames alone, what the statistics ought to say.
 */
export class WireWatch {
  readonly #stats = new Map<Lane, GroupStats>()
  readonly #sends = new Map<Parcel, number>()
  readonly #lastFirstSent = new Map<string, number>()
  /** Lanes whose queue has refused something, ever. */
  readonly #nacked = new Set<Lane>()
  /** Lanes that may have but one in flight. */
  #careful = new Set<Lane>()
  #isFresh = new Set<Lane>()
  #channel: Sent[] = []
  /** By lane: what was sent since nothing of it was in flight. */
  readonly #rounds = new Map<Lane, Sent[]>()
  readonly #strikes = new Map<Parcel, number>()
  readonly abandoned = new Set<Parcel>()
  readonly #silent = new Set<string>()
  /** How often a lane was kept apart. */
  muted = 0

  expected(lane: Lane): GroupStats {
    const known = this.#stats.get(lane) ?? groupStats()
    this.#stats.set(lane, known)
    return known
  }

  sendsOf(parcel: Parcel): number {
    return this.#sends.get(parcel) ?? 0
  }

  opened(): void {
    this.#channel = []
    this.#careful = new Set()
    this.#isFresh = new Set()
  }

  closed(end: ChannelEnd): void {
    this.#countOvertakers()
    if (end.kind === "offended") this.#accuse()
    this.#channel = []
    this.#rounds.clear()
    this.#silent.clear()
  }

  /** These get nothing more until they answer. */
  silenced(queues: readonly string[]): void {
    for (const queue of queues) {
      const isNew = !this.#silent.has(queue)
      if (isNew) this.muted += 1
      this.#silent.add(queue)
    }
  }

  strikesOf(parcel: Parcel): number {
    return this.#strikes.get(parcel) ?? 0
  }

  #accuse(): void {
    // The broker has come to all that was sent before one that it answered.
    const taken = this.#channel.findLastIndex((each) => each.answer !== undefined)
    const open = this.#channel.slice(taken + 1)
    const [only] = open
    if (only !== undefined && open.length === 1) {
      this.#strikes.set(only.parcel, this.strikesOf(only.parcel) + 1)
    }
  }

  /** Returns whether the publish is the only one that its lane may have in flight. */
  published(parcel: Parcel): boolean {
    const { lane } = parcel
    const what = `letter ${parcel.seq} of "${lane.queue}"`
    if (!this.#isFresh.has(lane)) this.#careful.add(lane)
    this.#isFresh.add(lane)
    const inFlight = this.#inFlight(lane)
    const isProbe = this.#careful.has(lane)
    if (isProbe && inFlight.length > 0) throw new Error(`${what} was sent beside a probe`)
    if (this.#silent.has(lane.queue)) throw new Error(`${what} was sent to a queue without answers`)
    if (inFlight.some((each) => each.parcel === parcel))
      throw new Error(`${what} is in flight twice`)
    if (this.abandoned.has(parcel)) throw new Error(`${what} was sent though it was given up`)
    if (this.#isOnePerKey(lane) && inFlight.some((each) => isSameKey(each.parcel, parcel))) {
      throw new Error(`${what} was sent with another of its key in flight`)
    }
    this.#checkOrder(parcel, what)
    const sent: Sent = {
      parcel,
      tag: this.#channel.length + 1,
      isProbe,
      isSuspect: false,
      isReturned: false,
      overtakers: [],
    }
    this.#channel.push(sent)
    this.#rounds.set(lane, [...(this.#rounds.get(lane) ?? []), sent])
    return isProbe
  }

  returned(parcel: Parcel): void {
    const { lane } = parcel
    this.expected(lane).returned += 1
    this.#careful.add(lane)
    for (const each of this.#inFlight(lane)) {
      each.isSuspect = true
      if (each.parcel === parcel) each.isReturned = true
    }
  }

  confirmed(tag: number, multiple: boolean, isNack: boolean): void {
    const open = this.#channel.filter((each) => each.answer === undefined)
    for (const each of open.filter((one) => (multiple ? one.tag <= tag : one.tag === tag))) {
      const { lane } = each.parcel
      each.answer = isNack ? "nack" : "ack"
      this.#silent.delete(lane.queue)
      if (isNack) {
        this.expected(lane).nacked += 1
        this.#careful.add(lane)
        this.#nacked.add(lane)
        const later = this.#channel.filter((other) => other.tag > each.tag)
        each.overtakers = later.filter((other) => isSameKey(other.parcel, each.parcel))
      } else if (!each.isSuspect) {
        this.expected(lane).confirmed += 1
        if (each.isProbe) this.#careful.delete(lane)
      }
    }
    this.#countOvertakenReturns()
    if (this.#channel.every((each) => each.answer !== undefined)) this.#countOvertakers()
  }

  #countOvertakenReturns(): void {
    for (const [lane, round] of this.#rounds) {
      if (round.some((each) => each.answer === undefined)) continue
      const isMissed = (each: Sent) => each.isReturned || each.answer === "nack"
      for (const later of round.filter((each) => each.isSuspect && !isMissed(each))) {
        const overtaken = round.filter(
          (each) => each.tag < later.tag && isMissed(each) && isSameKey(each.parcel, later.parcel),
        )
        this.expected(lane).orderViolations += overtaken.length
      }
      this.#rounds.delete(lane)
    }
  }

  /** To be called once all is quiet, before `expected`. */
  #countOvertakers(): void {
    for (const { overtakers, parcel } of this.#channel) {
      const taken = overtakers.filter((each) => each.answer === "ack" && !each.isSuspect)
      this.expected(parcel.lane).orderViolations += taken.length
    }
    for (const each of this.#channel) each.overtakers = []
  }

  #checkOrder(parcel: Parcel, what: string): void {
    const { lane, letter } = parcel
    const before = this.#sends.get(parcel) ?? 0
    this.#sends.set(parcel, before + 1)
    if (before > 0) {
      this.expected(lane).retried += 1
      return
    }
    const { queue } = lane.options
    const ofKey = letter.orderKey === undefined ? undefined : `${queue} ${letter.orderKey}`
    const line = this.#isOnePerKey(lane) ? ofKey : queue
    if (line !== undefined && (this.#lastFirstSent.get(line) ?? -1) > parcel.seq) {
      throw new Error(`${what} was overtaken`)
    }
    this.#lastFirstSent.set(queue, parcel.seq)
    if (ofKey !== undefined) this.#lastFirstSent.set(ofKey, parcel.seq)
  }

  #isOnePerKey(lane: Lane): boolean {
    return lane.options.mayRefuse || this.#nacked.has(lane)
  }

  #inFlight(lane: Lane): Sent[] {
    return this.#channel.filter((each) => each.parcel.lane === lane && each.answer === undefined)
  }
}

const isSameKey = (a: Parcel, b: Parcel): boolean =>
  a.lane === b.lane && a.letter.orderKey !== undefined && a.letter.orderKey === b.letter.orderKey
