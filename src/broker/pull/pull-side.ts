import type { Backoff } from "../../core/backoff.ts"
import { bounds } from "../../core/bounds.ts"
import type { Lane } from "../../core/lane.ts"
import type { Unavailable } from "../../core/outcome.ts"
import { onlyGroup } from "../../core/pull/pulled-key.ts"
import type { RouterStats, TopicStats } from "../../core/stats.ts"
import type { Log } from "../../log.ts"
import type { TopicPlan } from "../../topic-plan.ts"
import { within } from "../../within.ts"
import type { Connection } from "../connection.ts"
import type { Endpoint } from "../endpoint.ts"
import { Link } from "../link.ts"
import { lossReason } from "../loss-reason.ts"
import type { GroupPull, Pull } from "./group-pull.ts"
import { PullGroup } from "./pull-group.ts"
import type { PullShares } from "./pull-shares.ts"

export interface PullSideOptions {
  readonly endpoint: Endpoint
  readonly log: Log
  readonly backoff: Backoff
  readonly stats: RouterStats
  readonly pullIdleMs: number
  /** Whether the queues are there and are those of the configuration. */
  readonly mayRead: () => boolean
}

/**
 * The groups that consumers pull from over HTTP, on one connection of their own, which is opened when the
 * first of them asks.
 */
export class PullSide implements Pull {
  readonly #options: PullSideOptions
  readonly #link: Link
  readonly #groups: { topic: string; group: string; pull: PullGroup }[] = []
  readonly #shares: PullShares
  #starting: Promise<void> | undefined
  #isStopping = false
  #partitions = 0

  constructor(options: PullSideOptions) {
    this.#options = options
    const { reconnects, losses } = options.stats
    this.#link = new Link({
      ...options,
      name: "partymq pull",
      setUp: async () => {},
      lost: (reason) => losses.pull[lossReason(reason)]++,
      reconnected: () => reconnects.pull++,
      tornDown: () => this.#end(this.#away()),
    })
    this.#shares = {
      connect: () => this.#connect(),
      away: () => this.#away(),
      takePartitions: (count) => this.#takePartitions(count),
      givePartitions: (count) => {
        this.#partitions -= count
      },
      bytesOfPartition: () => bounds.pullBytesMax / Math.max(1, this.#partitions),
      waiting: { count: 0 },
      idleMs: options.pullIdleMs,
    }
  }

  get all(): readonly { topic: string; group: string; pull: GroupPull }[] {
    return this.#groups
  }

  of(topic: string, group: string): GroupPull | undefined {
    return this.#groups.find((each) => each.topic === topic && each.group === group)?.pull
  }

  /** Adds the groups of a topic. To be called before anybody asks. */
  add({ topic, config, route }: TopicPlan, deadLetters: Lane, stats: TopicStats): void {
    const { backoff, log } = this.#options
    for (const each of route.groups) {
      const { group } = each
      const { pull: pullConfig, clients, queue } = config.groups[group]!
      // Its messages are for its clients.
      if (clients !== undefined) continue
      const options = {
        ...{ topic, group, deadLetters, stats, backoff, log },
        ...{ config: pullConfig, queueType: queue.type },
      }
      const pull = new PullGroup({ ...options, route: onlyGroup(route, each) }, this.#shares)
      this.#groups.push({ topic, group, pull })
    }
  }

  /** Nobody gets messages any more; what they have can be acked until `stop`. */
  stopTaking(): void {
    this.#isStopping = true
  }

  /** Gives back what is not acked, in order, by closing the connection. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true
    const settled = Promise.all(this.#groups.map(({ pull }) => pull.settleAcks()))
    // What is not settled in time may be given out again.
    await this.#link.stop(timeoutMs, settled)
    this.#end(this.#away())
    for (const { pull } of this.#groups) pull.stop()
  }

  async #connect(): Promise<Connection | Unavailable> {
    const { mayRead } = this.#options
    if (this.#isStopping || !mayRead()) return this.#away()
    const { connection } = this.#link
    if (connection !== undefined) return connection
    // Until it has been up, it is being opened for whoever asks now.
    this.#starting ??= this.#link.start().catch(() => {})
    const late = () => new Error("not connected in time")
    await within(bounds.pullConnectMs, this.#starting, late).catch(() => {})
    return this.#link.connection ?? this.#away()
  }

  #takePartitions(count: number): boolean {
    if (this.#partitions + count > bounds.pullPartitionsMax) return false
    this.#partitions += count
    return true
  }

  #end(why: Unavailable): void {
    for (const { pull } of this.#groups) pull.end(why)
  }

  #away(): Unavailable {
    const code = this.#isStopping ? "shutting_down" : "broker_away"
    const detail = this.#isStopping ? "PartyMQ is shutting down" : "the broker cannot be reached"
    return { kind: "unavailable", code, detail, retryAfterMs: 1_000 }
  }
}
