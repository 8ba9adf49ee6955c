import type { ChannelEnd } from "../../src/core/channel-end.ts"
import type { Lane, Letter, Parcel } from "../../src/core/lane.ts"
import { Outbox } from "../../src/core/outbox.ts"
import type { OutboxPort } from "../../src/core/outbox-port.ts"
import { WireWatch } from "./wire-watch.ts"

/** One publish on the open channel, as the broker sees it. */
export interface Publish {
  readonly parcel: Parcel
  readonly lane: Lane
  readonly tag: number
  /** The only one of its lane in flight, after a connect or a refusal. */
  readonly isProbe: boolean
  verdict?: "accepted" | "refused" | "returned"
  /** Its confirm is on the way to the client, or there. */
  isAnswered: boolean
}

export interface SimulatedQueue {
  isMissing: boolean
  /** It takes what it gets, and answers nothing. */
  isMute: boolean
  /** Everything it ever took, in that order. */
  readonly taken: Parcel[]
}

type Answer =
  | { readonly kind: "return"; readonly parcel: Parcel }
  | { readonly kind: "confirm"; readonly tag: number; readonly multiple: boolean; isNack: boolean }

interface Timer {
  readonly lane: Lane
  readonly turn: number
  readonly declare: boolean
  readonly channelCount: number
}

/** Small, so that a short schedule has some of everything. */
const gatherBounds = { unconfirmedBusyMin: 2, gatherMessagesMax: 3, gatherRoundsMax: 2 }

/** Which publishes a queue refuses: `probes` only those that are alone in flight. */
export type Refusals = "never" | "probes" | "any"

/**
 * A broker in miniature, driven step by step: routes publishes in their order, answers in any order,
 * loses what is under way with its channel. Its own record of what the queues took is the truth that
 * the outbox is measured by.
 */
export class SimulatedBroker implements OutboxPort {
  readonly outbox = new Outbox(this, gatherBounds)
  readonly watch = new WireWatch()
  readonly queues = new Map<string, SimulatedQueue>()
  refusals: Refusals = "never"
  /** What makes the broker close the channel, whenever it is published. */
  isPoison: (letter: Letter) => boolean = () => false
  bodyBytesMax = Number.POSITIVE_INFINITY
  isOpen = false
  /** Queues that nothing may be published to. */
  #barred: ReadonlySet<string> = new Set()
  /** Channels that the client gave up. */
  given = 0
  #nowMs = 0
  #channelCount = 0
  #published: Publish[] = []
  #routed = 0
  #answers: Answer[] = []
  #timers: Timer[] = []
  /** Rounds of gathering that were asked for and are not over. */
  #rounds = 0
  /** All there were. */
  gathered = 0

  queue(name: string): SimulatedQueue {
    const known = this.queues.get(name)
    if (known !== undefined) return known
    const made: SimulatedQueue = { isMissing: false, isMute: false, taken: [] }
    this.queues.set(name, made)
    return made
  }

  publish(parcel: Parcel): void {
    const { queue } = parcel.lane
    if (!this.isOpen) throw new Error(`published to "${queue}" without a channel`)
    if (this.#barred.has(queue)) throw new Error(`published to "${queue}", which is barred`)
    const tag = this.#published.length + 1
    const isProbe = this.watch.published(parcel)
    this.#published.push({ parcel, lane: parcel.lane, tag, isProbe, isAnswered: false })
  }

  backOff(lane: Lane, turn: number, delayMs: number, declare: boolean): void {
    if (!(delayMs >= 0)) throw new Error(`a wait of ${delayMs} ms`)
    this.#timers.push({ lane, turn, declare, channelCount: this.#channelCount })
  }

  gather(): void {
    if (++this.#rounds > 1) throw new Error("two rounds of gathering at once")
  }

  /** Lets a round of gathering end. */
  endRound(): boolean {
    if (this.#rounds === 0) return false
    this.#rounds -= 1
    this.gathered += 1
    this.outbox.gathered()
    return true
  }

  open(): void {
    if (this.isOpen) return
    this.#channelCount += 1
    this.#published = []
    this.#routed = 0
    this.#answers = []
    this.isOpen = true
    this.watch.opened()
    this.outbox.opened()
  }

  /** The channel goes, after the broker has taken `more` of what was published on it. */
  lose(more: number, choice: number, end: ChannelEnd = { kind: "lost" }): void {
    for (let left = more; left > 0; left--) this.route(choice)
    if (this.isOpen) this.#close(end)
  }

  #close(end: ChannelEnd): void {
    this.isOpen = false
    this.watch.closed(end)
    this.outbox.closed(end)
  }

  /** Some time has passed, and the client looks which answers are missing. */
  look(choice: number): void {
    this.#nowMs += (choice % 4) * 10
    if (!this.isOpen) return
    const { isDead } = this.outbox.checkAnswers(this.#nowMs, 25)
    this.watch.silenced(this.outbox.mute)
    if (!isDead) return
    this.given += 1
    this.lose(choice % 5, choice)
  }

  /** Nothing may be published to the queues of these lanes, and to those of all others. */
  bar(lanes: readonly Lane[]): void {
    this.#barred = new Set(lanes.map(({ queue }) => queue))
    this.outbox.bar(this.#barred)
  }

  /** Decides about the next publish. */
  route(choice: number): boolean {
    const publish = this.#published[this.#routed]
    if (publish === undefined || !this.isOpen) return false
    this.#routed += 1
    const { letter } = publish.parcel
    if (letter.body.length > this.bodyBytesMax) {
      this.#close({ kind: "tooLarge", bodyBytesMax: this.bodyBytesMax })
      return true
    }
    if (this.isPoison(letter)) {
      this.#close({ kind: "offended" })
      return true
    }
    const queue = this.queue(publish.lane.queue)
    const mayRefuse = this.refusals === "any" || (this.refusals === "probes" && publish.isProbe)
    if (queue.isMissing) {
      publish.verdict = "returned"
      this.#answers.push({ kind: "return", parcel: publish.parcel })
    } else if (mayRefuse && choice % 3 === 0) publish.verdict = "refused"
    else {
      publish.verdict = "accepted"
      queue.taken.push(publish.parcel)
    }
    return true
  }

  /** Sends a confirm for any of the publishes that were decided about; some for several at once. */
  answer(choice: number): boolean {
    const isReady = ({ verdict, isAnswered, lane }: Publish) =>
      verdict !== undefined && !isAnswered && !this.queue(lane.queue).isMute
    const ready = this.#published.filter(isReady)
    const chosen = ready[choice % ready.length]
    if (chosen === undefined || !this.isOpen) return false
    const isNack = chosen.verdict === "refused"
    const upTo = this.#published.filter((each) => each.tag <= chosen.tag && !each.isAnswered)
    const isAlike = (each: Publish) => isReady(each) && (each.verdict === "refused") === isNack
    const multiple = choice % 2 === 0 && upTo.every(isAlike)
    for (const each of multiple ? upTo : [chosen]) each.isAnswered = true
    this.#answers.push({ kind: "confirm", tag: chosen.tag, multiple, isNack })
    return true
  }

  /** Hands the client the next frame. */
  deliver(): boolean {
    const answer = this.#answers.shift()
    if (answer === undefined || !this.isOpen) return false
    if (answer.kind === "return") {
      const { parcel } = answer
      this.watch.returned(parcel)
      parcel.lane.returned(parcel.letter)
      return true
    }
    const { tag, multiple, isNack } = answer
    this.watch.confirmed(tag, multiple, isNack)
    if (isNack) this.outbox.refused(tag, multiple)
    else this.outbox.confirmed(tag, multiple)
    return true
  }

  /** Lets a wait end, in any order, now and then twice. Only one of this channel declares its queue. */
  fire(choice: number, canDeclare: boolean): boolean {
    const at = choice % this.#timers.length
    const timer = this.#timers[at]
    if (timer === undefined) return false
    const again = choice % 5 === 0 ? [{ ...timer, declare: false }] : []
    this.#timers.splice(at, 1, ...again)
    const isCurrent = timer.channelCount === this.#channelCount && this.isOpen
    if (timer.declare && canDeclare && isCurrent) this.queue(timer.lane.queue).isMissing = false
    this.outbox.retry(timer.lane, timer.turn)
    return true
  }

  /** Behaves from now on, until nothing moves any more. */
  calm(): void {
    this.refusals = "never"
    this.bar([])
    this.open()
    for (let rounds = 0; rounds < 100_000; rounds++) {
      this.open()
      const moved = [this.route(1), this.answer(1), this.deliver(), this.endRound()]
      if (!moved.includes(true) && !this.fire(rounds * 5 + 1, true)) return
    }
    throw new Error("the outbox never came to rest")
  }

  /**
   * Behaves from now on, but for its mute queues, until everything else is settled. Returns how often the
   * client has looked for answers meanwhile.
   */
  calmBeside(lanes: readonly Lane[], looksMax: number): number {
    this.refusals = "never"
    this.bar([])
    for (let looks = 0; looks < looksMax; looks++) {
      this.open()
      for (let moved = true; moved; ) {
        this.open()
        moved = [this.route(1), this.answer(1), this.deliver(), this.endRound()].includes(true)
      }
      this.fire(looks * 5 + 1, true)
      if (lanes.every(({ size }) => size === 0)) return looks
      this.look(1)
    }
    return looksMax
  }
}
