import { ByteBudget } from "../../src/core/byte-budget.ts"
import { readNote } from "../../src/core/dead-letter.ts"
import { Dispatch } from "../../src/core/dispatch.ts"
import { Intake } from "../../src/core/intake.ts"
import type { Lane } from "../../src/core/lane.ts"
import type { Placement } from "../../src/core/outcome.ts"
import { groupRoute, type TopicRoute } from "../../src/core/route.ts"
import { groupStats, topicStats } from "../../src/core/stats.ts"
import { rawList, textHeader } from "../wire/property-list.ts"
import { SimulatedBroker } from "./simulated-broker.ts"

export const deadLetterQueue = "dlq"

/** Two partitions for the one group, one for the other. */
export const queues = { a: ["a.p0", "a.p1"], b: ["b.p0"] } as const

export interface TopicOptions {
  /** @default never gives up */
  readonly returnsMax?: number
  readonly mayRefuse?: boolean
}

/** What the broker takes nowhere, or only as a dead letter; or what is larger than it takes. */
export type Offence = "always" | "as it is" | "by its size"

const blanks = { always: 1, "as it is": 2, "by its size": 20 } as const

/** A message of the source: its body is its place in the source. */
export interface SourceMessage {
  readonly offence?: Offence
  /** A digit; without one it cannot be routed. */
  readonly key: string | undefined
  /** @default a list with the key as its one header */
  readonly properties?: Uint8Array
}

/**
 * A topic over a simulated broker, with a source queue that redelivers what was not acked. Throws as
 * soon as something is acked that is neither in all of its queues nor dead-lettered for the rest.
 */
export class SimulatedTopic {
  readonly broker = new SimulatedBroker()
  readonly budget = new ByteBudget({ bytesMax: 64, exhausted: () => {}, relieved: () => {} })
  readonly messages: SourceMessage[] = []
  readonly stats = topicStats(Object.keys(queues))
  /** To the partition queues. */
  readonly lanes: readonly Lane[]
  readonly deadLetters: Lane
  readonly dispatch: Dispatch
  /** Places in the source of what was acked. */
  readonly #acked = new Set<number>()
  readonly held: string[] = []
  intake: Intake
  /** Places of what the open channel delivered, in that order. */
  #delivered: number[] = []
  /** Places of what an earlier channel delivered and was not acked. */
  #again: number[] = []
  #nextNew = 0

  constructor({ returnsMax = Number.POSITIVE_INFINITY, mayRefuse = false }: TopicOptions = {}) {
    const backoff = { firstMs: 1, maxMs: 8 }
    const common = { mayRefuse, backoff, random: () => 0 }
    const lanes = Object.entries(queues).flatMap(([group, names]) =>
      names.map((queue) => {
        const options = { ...common, queue, returnsMax, stats: this.stats.groups[group]! }
        return [queue, this.broker.outbox.addLane(options)] as const
      }),
    )
    this.lanes = lanes.map(([, lane]) => lane)
    this.deadLetters = this.broker.outbox.addLane({
      ...common,
      queue: deadLetterQueue,
      returnsMax: Number.POSITIVE_INFINITY,
      stats: groupStats(),
    })
    this.broker.bodyBytesMax = 15
    this.broker.isPoison = ({ properties, body }) => {
      const count = new TextDecoder().decode(body).split(" ").length - 1
      const isNoted = readNote(properties).reason !== undefined
      return count === blanks.always || (count === blanks["as it is"] && !isNoted)
    }
    this.dispatch = new Dispatch(topicRoute, new Map(lanes), this.stats)
    this.intake = this.#openIntake()
    this.broker.open()
  }

  /** How many messages were acked. */
  get acked(): number {
    return this.#acked.size
  }

  /** Delivers the next message of the source, if there is one. */
  deliver(): boolean {
    const again = this.#again.shift()
    const at = again ?? this.#nextNew
    const message = this.messages[at]
    if (message === undefined) return false
    if (again === undefined) this.#nextNew += 1
    this.#delivered.push(at)
    const { key, offence } = message
    const headers = key === undefined ? [] : [textHeader("key", key)]
    const text = `${at}${" ".repeat(offence === undefined ? 0 : blanks[offence])}`
    const body = new TextEncoder().encode(text)
    const properties = message.properties ?? rawList({ headers })
    this.intake.accept(this.#delivered.length, properties, body)
    return true
  }

  /** The source's channel goes; a new one starts with what was delivered and not acked. */
  loseSource(): void {
    const old = this.intake
    old.close()
    if (old.size > 0) throw new Error("a closed intake has open deliveries")
    const open = this.#delivered.filter((at) => !this.#acked.has(at))
    this.#again = [...open, ...this.#again]
    this.#delivered = []
    this.intake = this.#openIntake()
  }

  calm(): void {
    do this.broker.calm()
    while (this.deliver())
  }

  /** Places in the source of what a queue took, in that order. */
  taken(queue: string): number[] {
    return this.broker.queue(queue).taken.map(({ letter }) => numberIn(letter.body))
  }

  /** The notes on a message's dead letters. */
  notes(at: number) {
    const letters = this.broker.queue(deadLetterQueue).taken.map(({ letter }) => letter)
    const own = letters.filter(({ body }) => numberIn(body) === at)
    return own.map(({ properties }) => readNote(properties))
  }

  #openIntake(): Intake {
    const intake: Intake = new Intake({
      dispatch: this.dispatch,
      deadLetters: this.deadLetters,
      source: "source",
      frameMax: 131_072,
      budget: this.budget,
      nowMs: () => Date.UTC(2024, 0, 1),
      ack: (tag, multiple) => {
        if (intake !== this.intake) throw new Error(`acked ${tag} on a closed channel`)
        this.#ack(tag, multiple)
      },
      held: (reason) => this.held.push(reason),
      idle: () => {},
    })
    return intake
  }

  #ack(tag: number, multiple: boolean): void {
    if (tag > this.#delivered.length) throw new Error(`acked ${tag}, which was never delivered`)
    const upTo = this.#delivered.slice(multiple ? 0 : tag - 1, tag)
    const fresh = upTo.filter((at) => !this.#acked.has(at))
    if (fresh.length === 0) throw new Error(`acked ${tag} again`)
    for (const at of fresh) this.#checkSafe(at)
    for (const at of fresh) this.#acked.add(at)
  }

  #checkSafe(at: number): void {
    const { key } = this.messages[at]!
    const notes = this.notes(at)
    const isParked = (group: string) =>
      notes.some(({ groups }) => groups === undefined || groups.includes(group))
    for (const group of ["a", "b"] as const) {
      const queue = key && queueOf(group, key)
      const isThere = queue !== undefined && this.taken(queue).includes(at)
      if (!isThere && !isParked(group)) throw new Error(`acked ${at}, group "${group}" lacks it`)
    }
  }
}

/** Where the tests, not the sources, say that a key goes. */
export const queueOf = (group: "a" | "b", key: string): string =>
  queues[group][Number(key) % queues[group].length]!

const numberIn = (body: Uint8Array): number => Number(new TextDecoder().decode(body))

export const topicRoute: TopicRoute = {
  topic: "orders",
  extractKey: (message) => message.headerKey("key"),
  onMissingKey: "dead-letter",
  groups: Object.entries(queues).map(([group, names]) =>
    groupRoute({
      group,
      generation: 1,
      partition: ([digit]) => (digit! - "0".charCodeAt(0)) % names.length,
      queues: names,
    }),
  ),
}

export const placementsOf = (key: string): Placement[] =>
  (["a", "b"] as const).map((group) => {
    const queue = queueOf(group, key)
    return { group, generation: 1, partition: Number(queue.slice(3)), queue }
  })
