import type { Config } from "../../config/config.ts"
import { bounds } from "../../core/bounds.ts"
import { BytePool } from "../../core/byte-pool.ts"
import type { Log } from "../../log.ts"
import type { TopicPlan } from "../../topic-plan.ts"
import type { Connection } from "../connection.ts"
import { endpointOf } from "../endpoint.ts"
import { Link } from "../link.ts"
import type { Management } from "../management.ts"
import { Publisher } from "../publisher.ts"
import { ClientGroup } from "./client-group.ts"

export interface ClientsSideOptions {
  readonly config: Config
  readonly plans: readonly TopicPlan[]
  readonly management: Management | undefined
  readonly log: Log
}

/**
 * Forwards the partitions of client-bound groups, on one connection of its own: with it everything that
 * it has begun is gone at once, the lock of its groups included.
 */
export class ClientsSide {
  readonly groups: readonly ClientGroup[]
  readonly #options: ClientsSideOptions
  readonly #link: Link
  #publisher: Publisher | undefined

  constructor(options: ClientsSideOptions) {
    this.#options = options
    const { config, plans, management, log } = options
    this.groups = plans.flatMap((plan) =>
      Object.entries(plan.config.groups).flatMap(([group, { clients }]) =>
        clients === undefined
          ? []
          : [new ClientGroup({ plan, group, config: clients, management, log })],
      ),
    )
    this.#link = new Link({
      ...{ endpoint: endpointOf(config.amqp), log, name: "partymq clients" },
      backoff: { firstMs: 100, maxMs: 5_000 },
      setUp: (connection) => this.#setUp(connection),
      lost: () => {},
      reconnected: () => {},
      tornDown: (reason) => this.#tornDown(reason),
    })
  }

  /** Why nothing is forwarded, for people. */
  get problems(): readonly string[] {
    const { problem } = this.#link
    return this.groups.length === 0 || problem === undefined ? [] : [`clients: ${problem}`]
  }

  /** What stands still of single groups while the others go on, for people. */
  get impairments(): readonly string[] {
    return this.groups.flatMap(({ topic, group, problems }) =>
      problems.map((problem) => `clients of topic "${topic}", group "${group}": ${problem}`),
    )
  }

  async start(): Promise<void> {
    if (this.groups.length > 0) await this.#link.start()
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.groups.length === 0) return
    const drained = Promise.all(this.groups.map((group) => group.drain()))
    await Promise.race([drained, Bun.sleep(timeoutMs)])
    await this.#link.stop(timeoutMs)
  }

  async #setUp(connection: Connection): Promise<void> {
    const { log, config } = this.#options
    const publisher = new Publisher({
      stats: { oldestUnconfirmedSeconds: 0 },
      troubled: () => {},
      confirmTimeoutMs: config.amqp.confirmTimeoutMs,
      channelClosed: (reason) => log.warn({ reason }, "the channel to clients was closed"),
      unanswered: (queues) => log.warn({ queues }, "queues of clients do not answer"),
      // They are their clients' to declare.
      redeclare: async () => {},
    })
    this.#publisher = publisher
    await publisher.open(connection)
    const pool = new BytePool(bounds.forwardBytesMax, 1 / 8)
    // Each time that one of them finds no room counts as a delivery of what has to come again.
    const reclaimPool = new BytePool(bounds.reclaimBytesMax, 8)
    const line = { connection, publisher, pool, reclaimPool }
    await Promise.all(this.groups.map((group) => group.open(line)))
  }

  #tornDown(reason: string): void {
    for (const group of this.groups) group.close(`the broker cannot be reached: ${reason}`)
    this.#publisher?.lost(reason)
    this.#publisher = undefined
  }
}
