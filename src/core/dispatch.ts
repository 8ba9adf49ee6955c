import { carryingKey } from "./carrying-key.ts"
import type { PartitionKey } from "./key.ts"
import type { Lane, Letter, Parcel, ParcelFailure, ParcelResult } from "./lane.ts"
import { messageView } from "./message-view.ts"
import type { Incoming } from "./outcome.ts"
import { type Rejected, type Routed, route, type TopicRoute } from "./route.ts"
import type { TopicStats } from "./stats.ts"

/** What became of a message that was given to the lanes, all of its copies taken together. */
export type Dispatched =
  | { readonly kind: "delivered"; readonly routed: Routed }
  | Rejected
  /** Some groups did not get their copy. */
  | {
      readonly kind: "failed"
      readonly routed: Routed
      readonly failure: ParcelFailure
      readonly groups: readonly string[]
    }

export interface DispatchOptions {
  /** See `Letter.persistent`. */
  readonly persistent: boolean
  /** Only to these groups. @default all */
  readonly groups?: readonly string[]
  /** Asked once the key is known. `false`: nothing is sent, and nothing is told. @default yes */
  readonly mayGo?: (key: PartitionKey | undefined) => boolean
  /** Called once. */
  settled(outcome: Dispatched): void
}

/** A topic's way out: routes a message, and offers one copy to the lane of each group's partition. */
export class Dispatch {
  readonly route: TopicRoute
  readonly stats: TopicStats
  /** By queue name. */
  readonly #lanes: ReadonlyMap<string, Lane>
  #turn = 0
  readonly #nextTurn = (): number => this.#turn++

  constructor(topic: TopicRoute, lanes: ReadonlyMap<string, Lane>, stats: TopicStats) {
    this.route = topic
    this.stats = stats
    this.#lanes = lanes
  }

  /** Returns a way to give the message up: what has not been sent by then never is. */
  publish(message: Incoming, options: DispatchOptions): Abandonable {
    const decision = this.decide(message)
    if (decision.kind === "rejected") {
      this.stats.rejected[decision.reason] += 1
      options.settled(decision)
      return nothingToAbandon
    }
    if (options.mayGo?.(decision.key) === false) return nothingToAbandon
    const routed = options.groups === undefined ? decision : this.#only(options.groups, decision)
    const carried = this.route.carriesKey === true ? carryingKey(message) : message
    const ticket = new Ticket(carried, routed, options, this.stats)
    ticket.offerTo(this.#lanes)
    return ticket
  }

  #only(groups: readonly string[], routed: Routed): Routed {
    const placements = routed.placements.filter(({ group }) => groups.includes(group))
    if (placements.length === 0) throw new Error(`topic "${this.route.topic}" has no such groups`)
    return { ...routed, placements }
  }

  /** Where the message goes; nothing is published. */
  decide(message: Incoming): Routed | Rejected {
    const view = messageView(message.properties, message.body)
    return route(this.route, view, message.key, this.#nextTurn)
  }
}

export interface Abandonable {
  abandon(): void
}

export const nothingToAbandon: Abandonable = { abandon: () => {} }
const latin1 = new TextDecoder("latin1")

/** One message in several lanes; settles once, when the last of its copies has. */
class Ticket implements Letter, Abandonable {
  readonly properties: Uint8Array
  readonly body: Uint8Array
  readonly persistent: boolean
  readonly #routed: Routed
  readonly #options: DispatchOptions
  readonly #stats: TopicStats
  readonly #parcels: Parcel[] = []
  #orderKey: string | undefined
  #failures: { queue: string; failure: ParcelFailure }[] | undefined
  /** One more than the copies while they are being offered, so that it cannot settle early. */
  #open = 1

  constructor(message: Incoming, routed: Routed, options: DispatchOptions, stats: TopicStats) {
    this.properties = message.properties
    this.body = message.body
    this.persistent = options.persistent
    this.#routed = routed
    this.#options = options
    this.#stats = stats
    stats.inFlightMessages += 1
    stats.inFlightBytes += this.#size
  }

  /** Made when it is asked for: most lanes never do. */
  get orderKey(): string | undefined {
    const { key } = this.#routed
    if (key === undefined) return undefined
    this.#orderKey ??= latin1.decode(key)
    return this.#orderKey
  }

  offerTo(lanes: ReadonlyMap<string, Lane>): void {
    for (const { queue } of this.#routed.placements) {
      this.#open += 1
      this.#parcels.push(lanes.get(queue)!.offer(this))
    }
    this.#settleOne()
  }

  settled(parcel: Parcel, result: ParcelResult): void {
    if (result !== "confirmed") {
      this.#failures ??= []
      this.#failures.push({ queue: parcel.lane.queue, failure: result })
    }
    this.#settleOne()
  }

  abandon(): void {
    for (const parcel of this.#parcels) parcel.lane.abandon(parcel)
  }

  get #size(): number {
    return this.properties.length + this.body.length
  }

  #settleOne(): void {
    this.#open -= 1
    if (this.#open > 0) return
    this.#stats.inFlightMessages -= 1
    this.#stats.inFlightBytes -= this.#size
    this.#options.settled(this.#outcome())
  }

  #outcome(): Dispatched {
    const routed = this.#routed
    const failures = this.#failures
    if (failures === undefined) return { kind: "delivered", routed }
    const failure = worst(failures.map((each) => each.failure))
    const hasFailed = (queue: string) => failures.some((each) => each.queue === queue)
    // Lanes fail in any order; groups are named in the topic's.
    const groups = routed.placements
      .filter(({ queue }) => hasFailed(queue))
      .map((each) => each.group)
    const confirmedSome = groups.length < routed.placements.length
    // A copy that was never sent is no certainty about the message when another one was.
    const told = failure === "unsent" && confirmedSome ? "refused" : failure
    return { kind: "failed", routed, failure: told, groups }
  }
}

/** What will never do speaks for all; else the failure that leaves most in doubt does. */
const byWeight: readonly ParcelFailure[] = [
  "tooLarge",
  "unacceptable",
  "lost",
  "returned",
  "refused",
  "unsent",
]

const worst = (failures: readonly ParcelFailure[]): ParcelFailure =>
  byWeight.find((failure) => failures.includes(failure))!
