import type { Config } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import { ByteBudget } from "../core/byte-budget.ts"
import { Dispatch } from "../core/dispatch.ts"
import { deadLetterQueue } from "../core/generation.ts"
import type { Lane } from "../core/lane.ts"
import { groupStats, type RouterStats } from "../core/stats.ts"
import type { Log } from "../log.ts"
import type { TopicPlan } from "../topic-plan.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { endpointOf } from "./endpoint.ts"
import { agreeOnGenerations } from "./generation-log.ts"
import { type GroupStatus, groupStatuses } from "./group-status.ts"
import { Link } from "./link.ts"
import { declareQueues } from "./partition-queues.ts"
import { Publisher } from "./publisher.ts"
import { Source } from "./source.ts"
import { StartRefused } from "./start-refused.ts"
import { topicQueues } from "./topic-queues.ts"

export interface BrokerSideOptions {
  readonly config: Config
  readonly plans: readonly TopicPlan[]
  readonly stats: RouterStats
  readonly log: Log
  readonly readSources: boolean
}

/** One topic on its way. */
interface Topic {
  readonly plan: TopicPlan
  readonly dispatch: Dispatch
  readonly deadLetters: Lane
  readonly source: Source | undefined
}

/**
 * The broker's side of a router: two connections, because a blocked publisher must not keep the
 * consumer's acks from passing. Publishing is set up first: queues exist before anything is read.
 */
export class BrokerSide {
  readonly #options: BrokerSideOptions
  readonly #publisher: Publisher
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #publishLink: Link
  readonly #consumeLink: Link | undefined
  /** Over it the sources are not read: their messages stay with the broker. */
  readonly #budget = new ByteBudget({
    bytesMax: bounds.sourceInFlightBytesMax,
    exhausted: () => this.#consuming?.pauseReading(),
    relieved: () => this.#consuming?.resumeReading(),
  })
  /** The connection that the sources are read from, from before the first of them is. */
  #consuming: Connection | undefined
  /** Until the generations are agreed on nothing may be routed. */
  #isAgreed = false
  #isStopping = false
  #stopped: Promise<void> | undefined

  constructor(options: BrokerSideOptions) {
    this.#options = options
    const { config, plans, readSources } = options
    const { reconnects } = options.stats
    const endpoint = endpointOf(config.amqp)
    this.#publisher = new Publisher({
      confirmTimeoutMs: endpoint.confirmTimeoutMs,
      redeclare: (queue) => this.#redeclare(queue),
    })
    this.#topics = new Map(plans.map((plan) => [plan.topic, this.#topic(plan)]))
    const linked = { endpoint, log: options.log, backoff: reconnectBackoff }
    this.#publishLink = new Link({
      ...linked,
      name: "partymq publish",
      setUp: (connection) => this.#setUpPublishing(connection),
      reconnected: () => reconnects.publish++,
      tornDown: () => this.#publisher.lost(),
    })
    const hasSource = plans.some((plan) => plan.config.source !== undefined)
    if (!readSources || !hasSource) return
    this.#consumeLink = new Link({
      ...linked,
      name: "partymq consume",
      setUp: (connection) => this.#setUpConsuming(connection),
      reconnected: () => reconnects.consume++,
      tornDown: () => this.#eachSource((source) => source.lost()),
    })
  }

  async start(): Promise<void> {
    await this.#publishLink.start()
    await this.#consumeLink?.start()
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

  /** Why a message cannot be published at the moment. */
  unavailable():
    | { code: "broker_away" | "broker_blocked" | "shutting_down"; detail: string }
    | undefined {
    if (this.#isStopping) return { code: "shutting_down", detail: "PartyMQ is shutting down" }
    const connection = this.#publishLink.connection
    if (connection === undefined || !this.#isAgreed) {
      return { code: "broker_away", detail: "the broker cannot be reached" }
    }
    if (connection.blocked === undefined) return undefined
    return {
      code: "broker_blocked",
      detail: "the broker blocks publishers: it is low on resources",
    }
  }

  /** Everything that keeps messages from coming in or going out. */
  problems(): readonly string[] {
    const publishing = this.unavailable()
    const sources = [...this.#topics.values()].flatMap(({ plan, source }) =>
      source?.problem === undefined
        ? []
        : [`source queue "${plan.config.source?.queue}": ${source.problem}`],
    )
    if (publishing === undefined) return sources
    const why = this.#publishLink.problem
    return [why === undefined ? publishing.detail : `${publishing.detail}: ${why}`, ...sources]
  }

  /** What the broker says of each partition queue. */
  describe(topic: string): Promise<readonly GroupStatus[]> {
    return groupStatuses(this.#known(topic).plan, this.#publishLink.connection)
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
    const { attemptsMax, backoffMs, backoffMaxMs } = plan.config.retry
    const backoff = { firstMs: backoffMs, maxMs: backoffMaxMs }
    const lane = { backoff, random: Math.random, returnsMax: attemptsMax, mayRefuse: false }
    for (const { group, queues } of route.groups) {
      const mayRefuse = plan.config.groups[group]?.queue.overflow === "reject-publish"
      const groupLane = { ...lane, mayRefuse, stats: topicStats.groups[group]! }
      for (const queue of queues) this.#publisher.addLane({ ...groupLane, queue })
    }
    const deadLetters = this.#publisher.addLane({
      ...lane,
      queue: deadLetterQueue(topic),
      // There is nowhere else for these to go.
      returnsMax: Number.POSITIVE_INFINITY,
      stats: groupStats(),
    })
    const dispatch = new Dispatch(route, this.#publisher.lanes, topicStats)
    const { source } = plan.config
    const options = { topic, dispatch, deadLetters, backoff, budget: this.#budget, log }
    return {
      plan,
      dispatch,
      deadLetters,
      source: source && readSources ? new Source({ ...options, config: source }) : undefined,
    }
  }

  async #setUpPublishing(connection: Connection): Promise<void> {
    const wasAgreed = this.#isAgreed
    if (!wasAgreed) await this.#agree(connection)
    await declareQueues(connection, topicQueues(this.#options.plans, connection))
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

  async #setUpConsuming(connection: Connection): Promise<void> {
    this.#consuming = connection
    const sources = [...this.#topics.values()].flatMap(({ source }) => source ?? [])
    await Promise.all(sources.map((source) => source.open(connection)))
  }

  async #redeclare(queue: string): Promise<void> {
    const connection = this.#publishLink.connection
    if (connection === undefined) return
    const declarations = topicQueues(this.#options.plans, connection).filter(
      (each) => each.queue === queue,
    )
    this.#options.log.warn({ queue }, "queue is missing; declaring it again")
    await declareQueues(connection, declarations)
  }

  #eachSource(visit: (source: Source) => void): void {
    for (const { source } of this.#topics.values()) if (source !== undefined) visit(source)
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true
    this.#eachSource((source) => source.stopTaking())
    const deadline = performance.now() + timeoutMs - Math.min(closeMs, timeoutMs / 4)
    while (this.#inFlight() > 0 && performance.now() < deadline) await Bun.sleep(settleCheckMs)
    const left = this.#inFlight()
    if (left > 0) this.#options.log.warn({ left }, "stopping with messages in flight")
    const remainingMs = Math.max(closeMs, deadline - performance.now())
    await this.#consumeLink?.stop(remainingMs)
    await this.#publishLink.stop(remainingMs)
    this.#publisher.lost()
  }

  #inFlight(): number {
    let count = this.#publisher.unsettled
    this.#eachSource((source) => {
      count += source.inFlight
    })
    return count
  }
}

const reconnectBackoff = { firstMs: 100, maxMs: 5_000 }
const settleCheckMs = 5
const closeMs = 1_000
