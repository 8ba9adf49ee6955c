import type { Config } from "../config/config.ts"
import { Dispatch } from "../core/dispatch.ts"
import type { RouterStats } from "../core/stats.ts"
import type { Log } from "../log.ts"
import type { TopicPlan } from "../topic-plan.ts"
import { BrokerConditions } from "./broker-conditions.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { endpointOf } from "./endpoint.ts"
import { agreeOnGenerations } from "./generation-log.ts"
import { type GroupStatus, groupStatuses } from "./group-status.ts"
import { Link } from "./link.ts"
import { lossReason } from "./loss-reason.ts"
import { type ParkingLot, parkingLots } from "./parking-lot.ts"
import { Publisher } from "./publisher.ts"
import type { Pull } from "./pull/group-pull.ts"
import { PullSide } from "./pull/pull-side.ts"
import { QueueKeeper } from "./queue-keeper.ts"
import { SourceSide } from "./source-side.ts"
import { StartRefused } from "./start-refused.ts"
import { addTopicLanes } from "./topic-lanes.ts"

export interface BrokerSideOptions {
  readonly config: Config
  readonly plans: readonly TopicPlan[]
  readonly stats: RouterStats
  readonly log: Log
  readonly readSources: boolean
  readonly pullIdleMs: number
}

/** One topic on its way. */
interface Topic {
  readonly plan: TopicPlan
  readonly dispatch: Dispatch
  /** By group. */
  readonly parkingLots: ReadonlyMap<string, ParkingLot>
}

/**
 * The broker's side of a router: two connections, because a blocked publisher must not keep the
 * consumer's acks from passing. Publishing is set up first: queues exist before anything is read.
 */
export class BrokerSide {
  readonly #options: BrokerSideOptions
  readonly #publisher: Publisher
  readonly #keeper: QueueKeeper
  readonly #conditions: BrokerConditions
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #publishLink: Link
  readonly #sources: SourceSide
  readonly #pull: PullSide
  /** Until the generations are agreed on nothing may be routed. */
  #isAgreed = false
  #isStopping = false
  #stopped: Promise<void> | undefined

  constructor(options: BrokerSideOptions) {
    this.#options = options
    const { config, plans } = options
    const { reconnects, losses } = options.stats
    const endpoint = endpointOf(config.amqp)
    this.#conditions = new BrokerConditions({
      ...options,
      blocked: () => this.#publishLink.blocked,
      mute: () => this.#publisher.mute,
      isPaused: () => this.#sources.isPaused,
    })
    this.#keeper = new QueueKeeper({
      ...{ plans, endpoint, log: options.log },
      publishing: () => this.#publishLink.connection,
      bar: (queues) => this.#publisher.bar(queues),
    })
    this.#publisher = new Publisher({
      stats: options.stats,
      channelClosed: (reason) => this.#conditions.channelClosed(reason),
      troubled: (lane, isMissing) => this.#conditions.troubled(lane, isMissing),
      confirmTimeoutMs: endpoint.confirmTimeoutMs,
      unanswered: (queues) => this.#keeper.suspect(queues),
      redeclare: (queue) => this.#keeper.declareAgain(queue),
    })
    const linked = { endpoint, log: options.log, backoff: reconnectBackoff }
    this.#sources = new SourceSide({
      ...{ ...linked, stats: options.stats },
      count: plans.filter(({ config: { source } }) => source !== undefined).length,
      hasWayOut: () => this.#publishLink.connection !== undefined,
    })
    const mayRead = () => this.#isAgreed && !this.#isStopping
    this.#pull = new PullSide({ ...linked, ...options, mayRead })
    this.#topics = new Map(plans.map((plan) => [plan.topic, this.#topic(plan)]))
    this.#publishLink = new Link({
      ...linked,
      name: "partymq publish",
      setUp: (connection) => this.#setUpPublishing(connection),
      lost: (reason) => {
        losses.publish[lossReason(reason)]++
        this.#sources.wayOutLost()
      },
      reconnected: () => {
        reconnects.publish++
        this.#sources.wayOutBack()
      },
      tornDown: (reason) => this.#publisher.lost(reason),
    })
  }

  async start(): Promise<void> {
    await this.#publishLink.start()
    this.#conditions.start()
    this.#keeper.start()
    await this.#sources.start()
  }

  /** Settles what is in flight, bounded in time, then closes. */
  stop(timeoutMs: number): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs)
    return this.#stopped
  }

  /** @throws {Error} for a topic that is not configured */
  dispatch(topic: string): Dispatch {
    return this.#known(topic).dispatch
  }

  /** What those who pull over HTTP get their messages from. */
  get pull(): Pull {
    return this.#pull
  }

  /** Why a message cannot be published at the moment. */
  unavailable():
    | { code: "broker_away" | "broker_blocked" | "shutting_down"; detail: string }
    | undefined {
    if (this.#isStopping) return { code: "shutting_down", detail: "PartyMQ is shutting down" }
    const { connection, blocked } = this.#publishLink
    if (blocked !== undefined) {
      const detail = "the broker blocks publishers: it is low on resources"
      return { code: "broker_blocked", detail }
    }
    if (connection !== undefined && this.#isAgreed) return undefined
    return { code: "broker_away", detail: "the broker cannot be reached" }
  }

  /** Everything that keeps messages from coming in or going out. */
  problems(): readonly string[] {
    const publishing = this.unavailable()
    const sources = this.#sources.problems
    if (publishing === undefined) return sources
    const why = publishing.code === "broker_away" ? this.#publishLink.problem : undefined
    return [why === undefined ? publishing.detail : `${publishing.detail}: ${why}`, ...sources]
  }

  /** Partition queues that nothing can be published to, and why; all others flow. */
  impairments(): readonly string[] {
    const mute = this.#publisher.mute.map((queue) => [queue, "does not answer"] as const)
    const all = [...new Map([...mute, ...this.#keeper.barred])]
    return all.map(([queue, why]) => `queue "${queue}" ${why}`)
  }

  /** What the broker says of each partition queue. */
  describe(topic: string): Promise<readonly GroupStatus[]> {
    const { connection } = this.#publishLink
    return groupStatuses(this.#known(topic).plan, connection, this.#publisher.lanes)
  }

  /** `undefined` for a group that does not exist. */
  parkingLot(topic: string, group: string): ParkingLot | undefined {
    return this.#topics.get(topic)?.parkingLots.get(group)
  }

  #known(topic: string): Topic {
    const known = this.#topics.get(topic)
    if (known === undefined)
      throw new BrokerError(`topic "${topic}" is not configured`, "unknown_topic")
    return known
  }

  #topic(plan: TopicPlan): Topic {
    const { stats, log, readSources } = this.#options
    const { topic, route } = plan
    const topicStats = stats.topics[topic]!
    const deadLetters = addTopicLanes(this.#publisher, plan, topicStats)
    const backoff = { firstMs: plan.config.retry.backoffMs, maxMs: plan.config.retry.backoffMaxMs }
    const dispatch = new Dispatch(route, this.#publisher.lanes, topicStats)
    const { source } = plan.config
    if (source && readSources) {
      this.#sources.add({ topic, config: source, dispatch, deadLetters, backoff, log })
    }
    this.#pull.add(plan, deadLetters, topicStats)
    return { plan, dispatch, parkingLots: parkingLots(plan, () => this.#publishLink.connection) }
  }

  async #setUpPublishing(connection: Connection): Promise<void> {
    const wasAgreed = this.#isAgreed
    if (!wasAgreed) await this.#agree(connection)
    await this.#keeper.prepare(connection)
    await this.#publisher.open(connection)
    if (wasAgreed) this.#agreeAgain(connection)
  }

  async #agree(connection: Connection): Promise<void> {
    for (const { plan } of this.#topics.values()) {
      await agreeOnGenerations(connection, plan.topic, plan.generations)
    }
    this.#isAgreed = true
  }

  /**
   * Behind the same address may be a broker that has lost its data, and whose record others have
   * written since. Messages do not wait for that: a stream may take long to come back after a crash.
   */
  async #agreeAgain(connection: Connection): Promise<void> {
    try {
      await this.#agree(connection)
    } catch (error) {
      if (!(error instanceof StartRefused)) return
      this.#isAgreed = false
      connection.destroy(error.message)
    }
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true
    this.#conditions.stop()
    this.#keeper.stop()
    this.#sources.stopTaking()
    this.#pull.stopTaking()
    const deadline = performance.now() + timeoutMs - Math.min(closeMs, timeoutMs / 4)
    while (this.#inFlight() > 0 && performance.now() < deadline) await Bun.sleep(settleCheckMs)
    const left = this.#inFlight()
    if (left > 0) this.#options.log.warn({ left }, "stopping with messages in flight")
    const remainingMs = Math.max(closeMs, deadline - performance.now())
    await Promise.all([this.#sources.stop(remainingMs), this.#pull.stop(remainingMs)])
    await this.#publishLink.stop(remainingMs)
    this.#publisher.lost("stopped")
  }

  #inFlight(): number {
    return this.#publisher.unsettled + this.#sources.inFlight
  }
}

const reconnectBackoff = { firstMs: 100, maxMs: 5_000 }
const settleCheckMs = 5
const closeMs = 1_000
