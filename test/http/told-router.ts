import { ClientGroup } from "../../src/broker/clients/client-group.ts"
import { ParkingLot } from "../../src/broker/parking-lot.ts"
import type { GroupPull } from "../../src/broker/pull/group-pull.ts"
import type { Config } from "../../src/config/config.ts"
import type { Incoming, PublishOutcome } from "../../src/core/outcome.ts"
import { routerStats } from "../../src/core/stats.ts"
import type { GroupStatus, Readiness, Router } from "../../src/router.ts"

/**
 * A router without a broker that does as it is told. For what HTTP does by itself only: it proves
 * nothing about RabbitMQ.
 */
export interface ToldRouter extends Router {
  readonly published: { readonly topic: string; readonly message: Incoming }[]
  readonly told: {
    readiness: Readiness
    unavailable: ReturnType<Router["unavailable"]>
    publish: (topic: string, message: Incoming) => Promise<PublishOutcome>
    describe: (topic: string) => Promise<readonly GroupStatus[]>
    receive: GroupPull["receive"]
    /** Numbers of those that count. */
    leases: Set<number>
  }
}

/** Nobody serves it: for what is measured of it only. */
const toldClients = {
  plan: { topic: "t" },
  group: "pods",
  config: { exchange: "partymq.ex.write", routingKeyPrefix: "partymq.partition-" },
} as unknown as ConstructorParameters<typeof ClientGroup>[0]

export const toldPlacement = { group: "g", generation: 1, partition: 0, queue: "partymq.t.g.g1.p0" }

export function createToldRouter(
  http: Partial<Config["http"]> = {},
  { shutdownTimeoutMs = 5_000, sessionTimeoutMs = 10_000 } = {},
): ToldRouter {
  const published: { topic: string; message: Incoming }[] = []
  const told: ToldRouter["told"] = {
    readiness: { ready: true },
    unavailable: undefined,
    publish: async (_topic, { key }) => ({ kind: "accepted", key, placements: [toldPlacement] }),
    describe: async () => [],
    receive: async () => ({ kind: "messages", leases: [] }),
    leases: new Set(),
  }
  const isLease = (number: number) => told.leases.has(number)
  const pull: GroupPull = {
    counts: {
      ...{ delivered: 0, acked: 0, expired: 0, deadLettered: 0 },
      ...{ leased: 0, held: 0, waiting: 0 },
    },
    receive: (...asked) => told.receive(...asked),
    ack: (number) => told.leases.delete(number),
    nack: isLease,
    extend: isLease,
    leasesOf: () => [],
  }
  return {
    published,
    told,
    config: { ...toldConfig(http, sessionTimeoutMs), shutdownTimeoutMs },
    stats: routerStats({ t: ["g"] }),
    start: async () => {},
    readiness: () => told.readiness,
    unavailable: () => told.unavailable,
    publish(topic, message, options) {
      published.push({ topic, message })
      return told.publish(topic, message).finally(options?.released)
    },
    send(topic, message, { mayGo, settled }) {
      if (mayGo?.(message.key) === false) return { abandon() {} }
      published.push({ topic, message })
      told.publish(topic, message).then(settled)
      return { abandon() {} }
    },
    explain: () => ({ kind: "rejected", reason: "missing_key", detail: "told nothing" }),
    clientGroups: [new ClientGroup(toldClients)],
    partitionQueues: (topic, group) =>
      topic === "t" && group === "g" ? [toldPlacement.queue, "partymq.t.g.g1.p1"] : undefined,
    pull: {
      all: [{ topic: "t", group: "g", pull }],
      of: (topic, group) => (topic === "t" && group === "g" ? pull : undefined),
    },
    describe: (topic) => told.describe(topic),
    cutOff: async () => 0,
    parkingLot: (topic, group) =>
      topic === "t" && group === "g" ? parkingLotWithoutBroker : undefined,
    stop: async () => {},
  }
}

/** As after it was read, and then lost its broker. */
class LotWithoutBroker extends ParkingLot {
  override get count(): number {
    return 2
  }
}

const parkingLotWithoutBroker = new LotWithoutBroker({
  topic: "t",
  group: "g",
  partitions: 2,
  queueType: "quorum",
  connection: () => undefined,
})

function toldConfig(http: Partial<Config["http"]>, sessionTimeoutMs: number): Config {
  return {
    amqp: { url: "amqp://localhost", heartbeatSeconds: 10, confirmTimeoutMs: 30_000 },
    http: {
      host: "127.0.0.1",
      port: 0,
      bodyBytesMax: 1000,
      publishTimeoutMs: 10_000,
      inFlightMessagesMax: 100,
      inFlightBytesMax: 100_000,
      ...http,
    },
    log: { level: "silent" },
    shutdownTimeoutMs: 5_000,
    topics: {
      t: {
        source: {
          queue: "t.source",
          bind: ["#"],
          topology: "declare",
          type: "quorum",
          prefetch: 9,
        },
        key: [
          { use: "header", name: "k" },
          { use: "./mine.ts", token: "s3cr3t" },
        ],
        onMissingKey: { key: "s3cr3t" },
        groups: {
          g: {
            partitions: 1,
            partitioner: { use: "consistent-hash" },
            queue: { type: "quorum" },
            members: {
              assignor: "sticky",
              sessionTimeoutMs,
              drainTimeoutMs: 30_000,
              initialDelayMs: 0,
            },
            pull: { prefetch: 9, visibilityTimeoutMs: 30_000, deliveriesMax: 3 },
          },
        },
        retry: { attemptsMax: 10, backoffMs: 100, backoffMaxMs: 5_000 },
        deadLetter: { type: "quorum" },
      },
    },
  }
}
