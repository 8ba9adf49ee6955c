import type { PullConfig } from "../../config/config.ts"
import type { Backoff } from "../../core/backoff.ts"
import { bounds } from "../../core/bounds.ts"
import type { Lane } from "../../core/lane.ts"
import type { Unavailable } from "../../core/outcome.ts"
import type { Lease, Taking } from "../../core/pull/lease.ts"
import { Leases } from "../../core/pull/leases.ts"
import type { TopicRoute } from "../../core/route.ts"
import type { TopicStats } from "../../core/stats.ts"
import type { Log } from "../../log.ts"
import type { QueueType } from "../../wire/redelivery.ts"
import type { Connection } from "../connection.ts"
import { arrival } from "./arrival.ts"
import { DeadLetterWriter } from "./dead-letter-writer.ts"
import type { GroupPull, PullCounts, Pulled, ReceiveOutcome } from "./group-pull.ts"
import { PullPartition } from "./pull-partition.ts"
import type { PullShares } from "./pull-shares.ts"
import { WaitingConsumers } from "./waiting-consumers.ts"

export interface PullGroupOptions {
  readonly topic: string
  readonly group: string
  /** With this group alone. */
  readonly route: TopicRoute
  readonly config: PullConfig
  readonly queueType: QueueType
  readonly deadLetters: Lane
  readonly stats: Pick<TopicStats, "deadLettered">
  readonly backoff: Backoff
  readonly log: Log
}

/**
 * One group, for those who pull. Its partitions are read from the first request for messages on, and
 * given back once nobody has asked for some time and nothing is leased or delayed.
 */
export class PullGroup implements GroupPull {
  readonly #options: PullGroupOptions
  readonly #shares: PullShares
  readonly #leases: Leases<Pulled>
  readonly #waiting = new WaitingConsumers<ReceiveOutcome>()
  readonly #partitions: readonly PullPartition[]
  readonly #deadLetters: DeadLetterWriter
  #isOpen = false
  #begunMs = 0
  #askedMs = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #isServing = false

  constructor(options: PullGroupOptions, shares: PullShares) {
    this.#options = options
    this.#shares = shares
    const { config, route } = options
    const { deliveriesMax } = config
    this.#leases = new Leases({ deliveriesMax, lostMax: bounds.lostLeasesMax })
    this.#partitions = route.groups[0]!.queues.map((queue, index) => this.#partition(queue, index))
    this.#deadLetters = new DeadLetterWriter({
      ...options,
      leases: this.#leases,
      ack: (message) => this.#settle(message),
      changed: () => this.#changed(),
    })
  }

  get counts(): PullCounts {
    const held = this.#partitions.reduce((sum, _, n) => sum + this.#leases.size(n).messages, 0)
    const { leased, counts } = this.#leases
    const { written } = this.#deadLetters
    return { ...counts, deadLettered: written, leased, held, waiting: this.#waiting.size }
  }

  async receive(
    taking: Taking,
    waitMs: number,
    signals: readonly AbortSignal[],
  ): Promise<ReceiveOutcome> {
    const connection = await this.#shares.connect()
    if ("kind" in connection) return connection
    if (connection.closed) return this.#shares.away()
    if (!this.#isOpen && !this.#open(connection)) return overloaded("partitions are pulled from")
    const nowMs = performance.now()
    this.#askedMs = nowMs
    const give = () => this.#take(taking)
    const given = signals.some(({ aborted }) => aborted) ? undefined : give()
    if (given !== undefined) {
      this.#changed()
      return given
    }
    const { waiting } = this.#shares
    if (waiting.count >= bounds.pullWaitingMax) return overloaded("consumers wait")
    const firstMs = this.#begunMs + bounds.pullFirstWaitMs - nowMs
    waiting.count += 1
    try {
      const waited = await this.#waiting.wait(give, Math.max(waitMs, firstMs, 0), signals)
      return waited ?? { kind: "messages", leases: [] }
    } finally {
      waiting.count -= 1
      this.#askedMs = performance.now()
      this.#schedule()
    }
  }

  ack(lease: number): boolean {
    const message = this.#leases.ack(lease, performance.now())
    if (message !== undefined) this.#settle(message)
    this.#changed()
    return message !== undefined
  }

  nack(lease: number, delayMs: number): boolean {
    const isLease = this.#leases.nack(lease, delayMs, performance.now())
    this.#changed()
    return isLease
  }

  extend(lease: number, visibilityTimeoutMs: number): boolean {
    const isLease = this.#leases.extend(lease, visibilityTimeoutMs, performance.now())
    this.#changed()
    return isLease
  }

  leasesOf(consumer: string): readonly Lease<Pulled>[] {
    const leases = this.#leases.leasesOf(consumer, performance.now())
    this.#changed()
    return leases
  }

  /** Makes sure of all acks up to here, before the connection is closed. */
  async settleAcks(): Promise<void> {
    await Promise.all(this.#partitions.map((partition) => partition.settleAcks()))
  }

  /** The connection is gone, or there is to be none any more. */
  end(why: Unavailable): void {
    if (this.#isOpen) this.#shares.givePartitions(this.#partitions.length)
    this.#isOpen = false
    for (const partition of this.#partitions) partition.drop()
    this.#waiting.endAll(why)
    this.#changed()
  }

  /** Nothing is to happen any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #partition(queue: string, index: number): PullPartition {
    const { config, queueType, backoff, log } = this.#options
    return new PullPartition({
      ...{ queue, queueType, backoff, log, prefetch: config.prefetch },
      bytesMax: () => this.#shares.bytesOfPartition(),
      held: () => this.#leases.size(index),
      arrived: (delivery, connection) => {
        const { route } = this.#options
        const place = { partition: index, queue }
        this.#leases.arrived(arrival(route, place, delivery, connection, queueType))
        this.#serveSoon()
      },
      lost: () => {
        this.#leases.lost(index)
        this.#deadLetters.lost(index)
        this.#serveSoon()
      },
    })
  }

  #open(connection: Connection): boolean {
    if (!this.#shares.takePartitions(this.#partitions.length)) return false
    const { topic, group, log } = this.#options
    this.#isOpen = true
    this.#begunMs = performance.now()
    for (const partition of this.#partitions) partition.open(connection)
    log.info({ topic, group }, "the group is pulled from: its partitions are read")
    this.#schedule()
    return true
  }

  #take(taking: Taking): ReceiveOutcome | undefined {
    const leases = this.#leases.take(taking, performance.now())
    return leases.length === 0 ? undefined : { kind: "messages", leases }
  }

  #settle({ partition, deliveryTag }: Pulled): void {
    this.#partitions[partition]!.ack(deliveryTag)
  }

  /** Once for all that one read of the socket brings. */
  #serveSoon(): void {
    if (this.#isServing) return
    this.#isServing = true
    queueMicrotask(() => {
      this.#isServing = false
      this.#changed()
    })
  }

  /** Time has passed, or something was done: what follows from that. */
  #changed(): void {
    this.#leases.pass(performance.now())
    this.#deadLetters.write(this.#leases.takeLeaving())
    this.#waiting.serve()
    this.#schedule()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (!this.#isOpen) return
    const nowMs = performance.now()
    const idleFromMs = this.#isUsed ? nowMs : this.#askedMs
    const dueMs = this.#leases.nextDueMs ?? idleFromMs + this.#shares.idleMs
    const afterMs = Math.min(Math.max(1, Math.ceil(dueMs - nowMs)), this.#shares.idleMs)
    this.#timer = setTimeout(() => {
      const idleMs = performance.now() - this.#askedMs
      const isDue = this.#leases.nextDueMs !== undefined
      if (this.#isUsed || isDue || idleMs < this.#shares.idleMs) this.#changed()
      else this.#giveBack()
    }, afterMs)
  }

  get #isUsed(): boolean {
    return this.#waiting.size > 0 || this.#deadLetters.size > 0
  }

  #giveBack(): void {
    const { topic, group, log } = this.#options
    this.#isOpen = false
    this.#shares.givePartitions(this.#partitions.length)
    for (const partition of this.#partitions) partition.close()
    log.info(
      { topic, group },
      "nobody pulls from the group any more: its partitions are given back",
    )
  }
}

const overloaded = (what: string): Unavailable => ({
  ...{ kind: "unavailable", code: "overloaded", retryAfterMs: 1_000 },
  detail: `too many ${what} already`,
})
