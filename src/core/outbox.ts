import { bounds } from "./bounds.ts"
import type { ChannelEnd } from "./channel-end.ts"
import { type GatherBounds, Gathering } from "./gathering.ts"
import { Lane, type LaneOptions } from "./lane.ts"
import type { OutboxPort, QueueNames } from "./outbox-port.ts"
import type { Content, Parcel, ParcelFailure } from "./parcel.ts"
import { Settlements } from "./settlements.ts"
import { StallWatch } from "./stall-watch.ts"
import { Suspects } from "./suspects.ts"
import { Unconfirmed } from "./unconfirmed.ts"

/**
 * Everything that is to be published and not yet settled: one lane for each queue, all on one
 * channel in confirm mode. Pure bookkeeping: it decides what is sent when, and what becomes of it.
 *
 * Invariants, for each lane:
 * - parcels are first sent in the order they were offered (a lane that may refuse: those of one key);
 * - a refused parcel is sent again before anything behind it is sent for the first time;
 * - after a connect or a refusal one parcel is in flight until its confirm, then all that wait.
 * For each parcel: it settles exactly once. And for the channel: after the broker closed one over
 * something that was published, few publishes are unconfirmed at once until each suspect is answered.
 */
export class Outbox {
  readonly #port: OutboxPort
  readonly #lanes = new Set<Lane>()
  readonly #suspects = new Suspects(bounds.strikesMax)
  readonly #stalls = new StallWatch()
  /** Lanes that get no answers while others do: what is in flight may still be answered. */
  readonly #mute = new Set<Lane>()
  readonly #gathering: Gathering
  #unconfirmed = new Unconfirmed()
  /** What the broker takes, as far as is known: it says so when it has been given more. */
  #barred: QueueNames = new Set()
  #bodyBytesMax = Number.POSITIVE_INFINITY
  #propertiesBytesMax = Number.POSITIVE_INFINITY
  #open = false
  readonly #settlements = new Settlements()

  constructor(port: OutboxPort, gatherBounds: GatherBounds = bounds) {
    this.#port = port
    this.#gathering = new Gathering(gatherBounds, () => port.gather())
  }

  /** How often the broker has closed a channel over a single message so far. */
  get strikes(): number {
    return this.#suspects.strikes
  }

  /** Publishes without a confirm. */
  get unconfirmed(): number {
    return this.#unconfirmed.size
  }

  /** Adds a queue to publish to. */
  addLane(options: LaneOptions): Lane {
    const lane: Lane = new Lane(options, {
      fits: (letter) => this.#fits(letter),
      mayPublish: () => this.#mayPublish(lane),
      publish: (parcel) => {
        this.#unconfirmed.push(parcel)
        options.stats.inFlight += 1
        this.#port.publish(parcel)
      },
      // With a queue that does not answer, much that is unconfirmed says nothing about the broker.
      holds: (waiting) =>
        this.#mute.size === 0 && this.#gathering.holds(lane, waiting, this.#unconfirmed.size),
      backOff: (turn, delayMs, declare) => this.#port.backOff(lane, turn, delayMs, declare),
      settled: (parcel, result) => {
        this.#suspects.clear(parcel)
        this.#settlements.add(parcel, result)
      },
    })
    this.#lanes.add(lane)
    if (this.#open) lane.opened()
    return lane
  }

  /** Removes one that has nothing left. */
  removeLane(lane: Lane): void {
    if (lane.size > 0) throw new Error(`something is on its way to queue "${lane.queue}"`)
    this.#lanes.delete(lane)
    this.#mute.delete(lane)
    this.#gathering.forget(lane)
  }

  /** Nothing is sent to these queues as long as they are named here; what was sent is not called back. */
  bar(queues: QueueNames): void {
    this.#barred = queues
    for (const lane of this.#lanes) lane.resume()
  }

  /** The queues of what is unconfirmed. */
  get unconfirmedQueues(): readonly string[] {
    return [...new Set(this.#unconfirmed.toArray().map(({ lane }) => lane.queue))]
  }

  #mayPublish(lane: Lane): boolean {
    if (this.#barred.has(lane.queue)) return false
    if (this.#mute.size > 0 && this.#mute.has(lane)) return false
    return !this.#suspects.isSearching || this.#suspects.lets(lane, this.#unconfirmed.pending)
  }

  /** The time that `gather` asked for is over. */
  gathered(): void {
    this.#gathering.roundOver()
  }

  #fits({ properties, body }: Content): boolean {
    return body.length <= this.#bodyBytesMax && properties.length <= this.#propertiesBytesMax
  }

  /**
   * A fresh channel is in confirm mode; tags start at 1.
   * @param propertiesBytesMax what fits into a frame of the connection
   */
  opened(propertiesBytesMax = Number.POSITIVE_INFINITY): void {
    this.#propertiesBytesMax = propertiesBytesMax
    this.#unconfirmed = new Unconfirmed()
    this.#open = true
    for (const lane of this.#lanes) lane.opened()
    if (this.#suspects.isSearching) this.#search()
  }

  /** The channel is gone, with whatever was unconfirmed on it. */
  closed(end: ChannelEnd): void {
    const [unconfirmed, accused] = [this.#unconfirmed.toArray(), this.#unconfirmed.accused]
    this.#open = false
    this.#unconfirmed = new Unconfirmed()
    this.#mute.clear()
    this.owesNoAnswers()
    for (const parcel of unconfirmed) {
      parcel.maybeArrived = true
      parcel.lane.options.stats.inFlight -= 1
    }
    // Behind the same address may be another broker by now.
    this.#bodyBytesMax = end.kind === "tooLarge" ? end.bodyBytesMax : Number.POSITIVE_INFINITY
    this.#suspects.channelEnded(end, accused)
    // The next to begin is another: the queue of this one may be one that does not answer.
    const [first, second] = accused
    if (first !== undefined && second !== undefined) {
      this.#lanes.delete(first.lane)
      this.#lanes.add(first.lane)
    }
    const given = [...this.#lanes].flatMap((lane) => lane.closed((parcel) => this.#judge(parcel)))
    for (const [parcel] of given) this.#suspects.clear(parcel)
    for (const [parcel, failure] of given) this.#settlements.add(parcel, failure)
  }

  #judge(parcel: Parcel): ParcelFailure | undefined {
    if (!this.#fits(parcel.letter)) return "tooLarge"
    return this.#suspects.isGuilty(parcel) ? "unacceptable" : undefined
  }

  /** basic.ack of a publish. */
  confirmed(tag: number, multiple: boolean): void {
    this.#answer(tag, multiple, this.#confirm)
  }

  /** basic.nack of a publish. */
  refused(tag: number, multiple: boolean): void {
    this.#answer(tag, multiple, this.#refuse)
  }

  readonly #confirm = (parcel: Parcel): void => this.#answered(parcel).confirmed(parcel)
  readonly #refuse = (parcel: Parcel): void => this.#answered(parcel).refused(parcel)

  #answered(parcel: Parcel): Lane {
    const { lane } = parcel
    lane.options.stats.inFlight -= 1
    this.#suspects.clear(parcel)
    if (this.#mute.size > 0) this.#mute.delete(lane)
    return lane
  }

  /** All lanes know of a frame before an owner does, who may offer to one that the frame stops. */
  #answer(tag: number, multiple: boolean, visit: (parcel: Parcel) => void): void {
    this.#stalls.answered()
    this.#settlements.hold()
    try {
      this.#unconfirmed.settle(tag, multiple, visit)
    } finally {
      this.#settlements.tell()
    }
    if (this.#suspects.isSearching) this.#search()
  }

  /**
   * Lanes with suspects go on; all of them do once the search is over. To be called upon an answer and
   * not when an owner gives something up: it may be about to give up more, and what it has not come to
   * yet must not go out before what it will offer again.
   */
  #search(): void {
    for (const parcel of this.#unconfirmed.takenIn) this.#suspects.clear(parcel)
    this.#resume()
    if (this.#suspects.conclude(this.#unconfirmed.pending)) this.#resume()
  }

  #resume(): void {
    for (const lane of this.#lanes) lane.resume()
  }

  /**
   * Looks for publishes that are not answered; to be called every second or so. A queue that does not
   * answer must not cost the others their channel, so as long as something else is answered it is
   * only kept from getting more: its broker may still find to it.
   *
   * @param isTaking the broker is being sent something: where it is silent, that is why
   * @returns the age of the oldest unanswered publish, and whether the channel has to be given up
   */
  checkAnswers(nowMs: number, timeoutMs: number, isTaking = false) {
    const patienceMs = timeoutMs * bounds.silencePatience
    const silentMsMax = isTaking ? patienceMs : Number.POSITIVE_INFINITY
    const { ages, silentMs } = this.#stalls.look(nowMs, this.#lanes, silentMsMax)
    const oldestMs = Math.max(0, ...ages.values())
    if (this.#suspects.isSearching) {
      if (silentMs > patienceMs) this.#unconfirmed.assumeTakenIn()
      // Owners may have given up all that was searched.
      this.#search()
    }
    for (const [lane, ageMs] of ages) {
      if (ageMs <= timeoutMs) continue
      const isLost = ageMs > timeoutMs * bounds.muteTimeoutsMax
      if (isLost || (silentMs > timeoutMs && !this.#mute.has(lane)))
        return { oldestMs, isDead: true }
      this.#mute.add(lane)
    }
    return { oldestMs, isDead: false }
  }

  /** While the broker blocks publishers ages do not count. */
  owesNoAnswers(): void {
    this.#stalls.reset()
  }

  /** Queues that have not answered for so long that they get nothing more for the time being. */
  get mute(): string[] {
    return [...this.#mute].map(({ queue }) => queue)
  }

  /** The time to wait that `backOff` asked for is over. */
  retry(lane: Lane, turn: number): void {
    lane.retry(turn)
  }
}
