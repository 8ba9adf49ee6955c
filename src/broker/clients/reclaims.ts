import { bounds } from "../../core/bounds.ts"
import type { ClientPartition } from "../../core/clients/client-partition.ts"
import type { ClientsEvent } from "../../core/clients/clients-event.ts"
import { frontQueue } from "../../core/generation.ts"
import type { Lane } from "../../core/lane.ts"
import type { Log } from "../../log.ts"
import type { TopicPlan } from "../../topic-plan.ts"
import { BrokerError } from "../broker-error.ts"
import type { ClientGroup } from "./client-group.ts"
import type { ClientLanes } from "./client-lanes.ts"
import { partitionOf } from "./partition-of.ts"
import { Reclaimer } from "./reclaimer.ts"
import type { Line } from "./tenure.ts"

export interface ReclaimsOptions {
  readonly line: Line
  readonly group: ClientGroup
  readonly plan: TopicPlan
  readonly log: Log
  readonly lanes: ClientLanes
  readonly deadLetters: Lane
  /** By partition. */
  readonly queues: readonly string[]
  readonly partitionOf: (partition: number) => ClientPartition | undefined
  readonly declareFronts: (
    fronts: readonly (readonly [number, readonly number[]])[],
  ) => Promise<void>
  readonly happen: (event: ClientsEvent) => void
}

/** The queues that clients have left behind and that are being emptied, into a front of each partition. */
export class Reclaims {
  readonly #options: ReclaimsOptions
  /** By client; `undefined` while it is being prepared. */
  readonly #reclaimers = new Map<string, Reclaimer | undefined>()
  /** Queues by client of which nothing moves. */
  readonly #stuck = new Map<string, string>()
  #isClosed = false

  constructor(options: ReclaimsOptions) {
    this.#options = options
  }

  get areUnderWay(): boolean {
    return this.#reclaimers.size > 0
  }

  /** What has come to a standstill, for people. */
  get problems(): readonly string[] {
    return [...this.#stuck].map(
      ([client, queue]) =>
        `queue "${queue}", which client "${client}" left behind, does not get any shorter`,
    )
  }

  /** Says of each that comes to a standstill that it has, once. */
  watch(): void {
    const { plan, group, log } = this.#options
    for (const [client, reclaimer] of this.#reclaimers) {
      if (!reclaimer?.isStuck(bounds.clientStuckMs)) this.#stuck.delete(client)
      else if (!this.#stuck.has(client)) {
        const { queue } = reclaimer
        this.#stuck.set(client, queue)
        const fields = { topic: plan.topic, group: group.group, client, queue }
        log.error(fields, "what a client left behind does not get any shorter")
      }
    }
  }

  /** Unless it has begun. */
  async begin(client: string, queue: string, front: number): Promise<void> {
    if (this.#reclaimers.has(client) || this.#isClosed) return
    this.#reclaimers.set(client, undefined)
    const { queues, declareFronts, line } = this.#options
    const fronted = queues.flatMap((_, index) => (this.#isFrom(client, index) ? [index] : []))
    try {
      await declareFronts(fronted.map((partition) => [partition, [front]]))
    } catch (error) {
      line.connection.destroy(BrokerError.from(error, "cannot declare a queue").message)
      return
    }
    if (!this.#isClosed) this.#reclaimers.set(client, this.#reclaimer(client, queue, front))
  }

  close(): void {
    this.#isClosed = true
    for (const reclaimer of this.#reclaimers.values()) reclaimer?.close()
  }

  #isFrom(client: string, partition: number): boolean {
    const at = this.#options.partitionOf(partition)
    return at?.kind === "reclaiming" && at.from === client
  }

  #reclaimer(client: string, queue: string, front: number): Reclaimer {
    const { line, group, plan, log, lanes, deadLetters, queues, happen } = this.#options
    const { connection, reclaimPool: pool } = line
    const fields = { topic: plan.topic, group: group.group, client, queue }
    log.info(fields, "messages that a client left behind are given to others")
    const isFronted = (partition: number) => this.#isFrom(client, partition)
    const end = (event: ClientsEvent) => {
      this.#reclaimers.delete(client)
      this.#stuck.delete(client)
      happen(event)
    }
    return new Reclaimer({
      ...{ connection, queue, pool, deadLetters, group: group.group, stats: group.reclaims },
      wayOf(message) {
        const partition = partitionOf(plan, group.group, message, isFronted)
        const own = queues[partition]!
        // Of what went on without the client, its rest comes late.
        const target = isFronted(partition) ? frontQueue(own, front) : own
        return { partition, lane: lanes.to(target) }
      },
      returned: () => connection.destroy("a queue for messages that were left behind is gone"),
      done: (leftCount) => {
        if (leftCount > 0) {
          const what =
            "messages that the broker takes nowhere stay in the queue; the rest was moved"
          log.error({ ...fields, leftCount }, what)
          group.noteLeft(leftCount)
        }
        end({ kind: "reclaimed", client })
      },
      interrupted: () => end({ kind: "interrupted", client }),
      held: () => log.error(fields, "the broker takes a message nowhere: it is held"),
      failed: (reason) => log.warn({ ...fields, reason }, "reclaiming was interrupted"),
    })
  }
}
