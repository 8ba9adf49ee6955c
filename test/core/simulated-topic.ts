import { ByteBudget } from "../../src/core/byte-budget.ts"
import { readNote } from "../../src/core/dead-letter.ts"
import { Dispatch } from "../../src/core/dispatch.ts"
import { Intake } from "../../src/core/intake.ts"
import type { Lane } from "../../src/core/lane.ts"
import type { Placement } from "../../src/core/outcome.ts"
import type { TopicRoute } from "../../src/core/route.ts"
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

/** A message of the source: its body is its place in the source. */
export interface SourceMessage {
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
  readonly deadLetters: Lane
  readonly dispatch: Dispatch
  /** Messages acked, from the first. */
  acked = 0
  intake: Intake
  /** The place in the source of the first message of the open channel. */
  #firstOfChannel = 0
  #delivered = 0

  constructor({ returnsMax = Number.POSITIVE_INFINITY, mayRefuse = false }: TopicOptions = {}) {
    const backoff = { firstMs: 1, maxMs: 8 }
    const common = { mayRefuse, backoff, random: () => 0 }
    const lanes = Object.entries(queues).flatMap(([group, names]) =>
      names.map((queue) => {
        const options = { ...common, queue, returnsMax, stats: this.stats.groups[group]! }
        return [queue, this.broker.outbox.addLane(options)] as const
      }),
    )
    this.deadLetters = this.broker.outbox.addLane({
      ...common,
      queue: deadLetterQueue,
      returnsMax: Number.POSITIVE_INFINITY,
      stats: groupStats(),
    })
    this.dispatch = new Dispatch(topicRoute, new Map(lanes), this.stats)
    this.intake = this.#openIntake()
    this.broker.open()
  }

  /** Delivers the next message of the source, if there is one. */
  deliver(): boolean {
    const at = this.#firstOfChannel + this.#delivered
    const message = this.messages[at]
    if (message === undefined) return false
    this.#delivered += 1
    const headers = message.key === undefined ? [] : [textHeader("key", message.key)]
    const body = new TextEncoder().encode(String(at))
    const properties = message.properties ?? rawList({ headers })
    this.intake.accept({ deliveryTag: this.#delivered, properties, body })
    return true
  }

  /** The source's channel goes; a new one starts with the first message that was not acked. */
  loseSource(): void {
    const old = this.intake
    old.close()
    if (old.size > 0) throw new Error("a closed intake has open deliveries")
    this.#firstOfChannel = this.acked
    this.#delivered = 0
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
      now: () => new Date("2024-01-01T00:00:00Z"),
      ack: (tag) => {
        if (intake !== this.intake) throw new Error(`acked ${tag} on a closed channel`)
        this.#ack(tag)
      },
    })
    return intake
  }

  #ack(tag: number): void {
    const upTo = this.#firstOfChannel + tag
    if (tag > this.#delivered) throw new Error(`acked ${tag}, which was never delivered`)
    if (upTo <= this.acked) throw new Error(`acked ${tag} again`)
    for (let at = this.acked; at < upTo; at++) this.#checkSafe(at)
    this.acked = upTo
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
  groups: Object.entries(queues).map(([group, names]) => ({
    group,
    generation: 1,
    partition: ([digit]) => (digit! - "0".charCodeAt(0)) % names.length,
    queues: names,
  })),
}

export const placementsOf = (key: string): Placement[] =>
  (["a", "b"] as const).map((group) => {
    const queue = queueOf(group, key)
    return { group, generation: 1, partition: Number(queue.slice(3)), queue }
  })
