import { BrokerSide } from "./broker/broker-side.ts"
import type { ClientGroup } from "./broker/clients/client-group.ts"
import { ClientsSide } from "./broker/clients/clients-side.ts"
import { cutOff } from "./broker/cut-off.ts"
import type { GroupStatus } from "./broker/group-status.ts"
import { createManagement } from "./broker/management.ts"
import type { ParkingLot } from "./broker/parking-lot.ts"
import type { Pull } from "./broker/pull/group-pull.ts"
import type { Config } from "./config/config.ts"
import { bounds } from "./core/bounds.ts"
import { type Abandonable, nothingToAbandon } from "./core/dispatch.ts"
import type { PartitionKey } from "./core/key.ts"
import {
  type Incoming,
  type PublishOutcome,
  type Unavailable,
  unconfirmed,
} from "./core/outcome.ts"
import type { Rejected, Routed } from "./core/route.ts"
import { type RouterStats, routerStats } from "./core/stats.ts"
import type { Log } from "./log.ts"
import { publishOutcome, retryAfterMs } from "./publish-outcome.ts"
import { Timeouts } from "./timeouts.ts"
import { planTopics, type TopicPlan } from "./topic-plan.ts"

export type { GroupStatus, ParkingLot, Pull }

/**
 * Whether messages can come in and go out, and if not, why not (for people). `impaired` names single
 * partition queues that cannot be published to: their messages wait, or are refused over HTTP.
 */
export type Readiness =
  | { readonly ready: true; readonly impaired?: readonly string[] }
  | { readonly ready: false; readonly reasons: readonly string[] }

export interface RouterOptions {
  readonly log: Log
  /** The folder that plugin paths in the configuration are relative to. */
  readonly baseDir: string
  /** Whether to read the source queues; without, only `publish` brings messages in. @default true */
  readonly readSources?: boolean
  /** After so long partitions that nobody pulls from are given back. @default bounds.pullIdleMs */
  readonly pullIdleMs?: number
}

/** The router of one process: everything between the doors (HTTP, AMQP source) and the broker. */
export interface Router {
  readonly config: Config
  readonly stats: RouterStats
  /**
   * Connects, declares queues, agrees on the generation with the broker's record and starts routing;
   * resolves once that has come about, however long the broker takes to appear.
   * @throws {StartRefused} when the configuration contradicts what the broker has or has recorded
   */
  start(): Promise<void>
  readiness(): Readiness
  /** What `publish` would answer at once, whatever the message; `undefined` when it would publish. */
  unavailable(): Unavailable | undefined
  /**
   * Publishes one message to every group of a topic that exists; settles when its fate is known, or
   * with `config.http.publishTimeoutMs`. Concurrent calls are published in the order of the calls.
   */
  publish(topic: string, message: Incoming, options?: PublishOptions): Promise<PublishOutcome>
  /**
   * Publishes one message as `publish` does, with no time limit but the caller's, who gives it up;
   * returns at once, and may have told the outcome by then.
   */
  send(topic: string, message: Incoming, options: SendOptions): Abandonable
  /** Where a message would go, without publishing it. */
  explain(topic: string, message: Incoming): Routed | Rejected
  /** The partition queues of a group by partition; `undefined` for one that does not exist. */
  partitionQueues(topic: string, group: string): readonly string[] | undefined
  /** For consumers that pull messages over HTTP. */
  readonly pull: Pull
  /** The groups whose partitions are forwarded to the queues of clients. */
  readonly clientGroups: readonly ClientGroup[]
  /** Asks the broker for the depth of each partition queue. */
  describe(topic: string): Promise<readonly GroupStatus[]>
  /**
   * Closes the connections whose consumers on these queues bear that tag, by the management API if
   * one is configured, as long as `isGone` says so. Tells how many it closed; does not throw.
   */
  cutOff(consumerTag: string, queues: readonly string[], isGone?: () => boolean): Promise<number>
  /** The parked keys of a group; `undefined` for one that does not exist. */
  parkingLot(topic: string, group: string): ParkingLot | undefined
  /** Stops taking messages, settles what is in flight within the time allowed, closes. Idempotent. */
  stop(): Promise<void>
}

export interface PublishOptions {
  /** Called once, when nothing of the message is held any more: with the outcome, or after it. */
  readonly released?: () => void
  /** Only to these groups. @default all */
  readonly groups?: readonly string[]
}

export interface SendOptions {
  /** Only to these groups. @default all */
  readonly groups?: readonly string[]
  /** Asked once the key is known. `false`: nothing is sent, and nothing is told. @default yes */
  readonly mayGo?: (key: PartitionKey | undefined) => boolean
  /** Called once, when nothing of the message is held any more. */
  readonly settled: (outcome: PublishOutcome) => void
}

/**
 * Loads the plugins and makes a router; nothing is connected before `start`.
 * @throws {PluginError} when a plugin is missing, broken or refuses its options
 */
export async function createRouter(config: Config, options: RouterOptions): Promise<Router> {
  const plans = await planTopics(config, options.baseDir)
  const groups = plans.map(({ topic, route }) => [topic, route.groups.map(({ group }) => group)])
  const stats = routerStats(Object.fromEntries(groups))
  const readSources = options.readSources ?? true
  const management = createManagement(config.amqp)
  const timeouts = new Timeouts(config.http.publishTimeoutMs)
  const { log, pullIdleMs = bounds.pullIdleMs } = options
  warnOfNoOrder(plans, log)
  const broker = new BrokerSide({ config, plans, stats, log, readSources, pullIdleMs })
  const served = readSources ? plans : []
  const clients = new ClientsSide({ config, plans: served, management, log })
  return {
    config,
    stats,
    clientGroups: clients.groups,
    async start() {
      await broker.start()
      await clients.start()
    },
    readiness() {
      const reasons = [...broker.problems(), ...clients.problems]
      if (reasons.length > 0) return { ready: false, reasons }
      const impaired = [...broker.impairments(), ...clients.impairments]
      return impaired.length === 0 ? { ready: true } : { ready: true, impaired }
    },
    unavailable: () => unavailable(broker),
    publish: (topic, message, publishOptions = {}) =>
      publishWithin(timeouts, broker, topic, message, publishOptions),
    send: (topic, message, sendOptions) => send(broker, topic, message, sendOptions),
    explain: (topic, message) => broker.dispatch(topic).decide(message),
    partitionQueues: (topic, group) =>
      plans.find((plan) => plan.topic === topic)?.route.groups.find((each) => each.group === group)
        ?.queues,
    pull: broker.pull,
    describe: (topic) => broker.describe(topic),
    cutOff: (consumerTag, queues, isGone = () => true) =>
      cutOff(management, consumerTag, queues, options.log, isGone),
    parkingLot: (topic, group) => broker.parkingLot(topic, group),
    async stop() {
      await Promise.all([
        broker.stop(config.shutdownTimeoutMs),
        clients.stop(config.shutdownTimeoutMs),
      ])
    },
  }
}

/** A fingerprint is of those that place a key in the same way every time. */
function warnOfNoOrder(plans: readonly TopicPlan[], log: Log): void {
  for (const { topic, group, partitioner, fingerprint } of plans.flatMap(
    (plan) => plan.generations,
  )) {
    if (fingerprint !== undefined) continue
    const fields = { topic, group, partitioner: partitioner.name }
    log.warn(fields, "the partitioner may place a key differently each time: a key has no order")
  }
}

function unavailable(broker: BrokerSide): Unavailable | undefined {
  const away = broker.unavailable()
  return away && { kind: "unavailable", ...away, retryAfterMs }
}

/** Publishes, and gives the message up when the time is over: what is not sent by then never is. */
function publishWithin(
  timeouts: Timeouts,
  broker: BrokerSide,
  topic: string,
  message: Incoming,
  options: PublishOptions,
): Promise<PublishOutcome> {
  const { groups, released = () => {} } = options
  return new Promise((resolve) => {
    let way: Abandonable | undefined
    const timeout = timeouts.start(() => {
      way?.abandon()
      // Settled by now if nothing of it had been sent; else the broker owes the answer.
      resolve(unconfirmed(timeouts.timeoutMs))
    })
    try {
      way = send(broker, topic, message, {
        ...(groups && { groups }),
        settled(outcome) {
          timeouts.stop(timeout)
          released()
          resolve(outcome)
        },
      })
    } catch (error) {
      timeouts.stop(timeout)
      released()
      throw error
    }
  })
}

function send(
  broker: BrokerSide,
  topic: string,
  message: Incoming,
  options: SendOptions,
): Abandonable {
  const dispatch = broker.dispatch(topic)
  const away = unavailable(broker)
  if (away !== undefined) {
    options.settled(away)
    return nothingToAbandon
  }
  return dispatch.publish(message, {
    ...options,
    persistent: false,
    settled(outcome) {
      if (outcome.kind === "delivered") dispatch.stats.accepted += 1
      options.settled(publishOutcome(outcome))
    },
  })
}
