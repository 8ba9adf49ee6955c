import type { PartitionQueueConfig } from "../config/config.ts"
import { parkingQueue } from "../core/generation.ts"
import {
  noParkedKeys,
  type ParkedKey,
  type ParkedKeyEvent,
  type ParkedKeySet,
} from "../core/group/parked-keys.ts"
import type { TopicPlan } from "../topic-plan.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { ParkedKeyLog } from "./parked-key-log.ts"
import { declareQueues, partitionQueueDeclaration } from "./partition-queues.ts"
import { isMissing } from "./refusal.ts"
import { withChannel } from "./with-channel.ts"

/** A parked key, and the queue with its messages, which exists. */
export interface ParkedKeyStatus extends ParkedKey {
  readonly queue: string
  /** Those ready in the queue; not those that its consumer holds. */
  readonly messages: number
}

export interface ParkedKeyList {
  readonly version: number
  readonly keys: readonly ParkedKeyStatus[]
}

export interface ParkingLotOptions {
  readonly topic: string
  readonly group: string
  /** How many the group has. */
  readonly partitions: number
  /** The group's own; what it says of limits and lifetimes is not for parked messages. */
  readonly queueType: PartitionQueueConfig["type"]
  readonly connection: () => Connection | undefined
}

/** Those of a topic, by group. */
export const parkingLots = (
  { topic, config, generations }: TopicPlan,
  connection: ParkingLotOptions["connection"],
): ReadonlyMap<string, ParkingLot> =>
  new Map(
    generations.map(({ group, partitions }) => {
      const queueType = config.groups[group]!.queue.type
      return [group, new ParkingLot({ topic, group, partitions, queueType, connection })] as const
    }),
  )

/** The parked keys of a group: their record, and their queues. One request after the other. */
export class ParkingLot {
  readonly #options: ParkingLotOptions
  readonly #log: ParkedKeyLog
  #last: Promise<unknown> = Promise.resolve()
  #isRead = false
  /** The version was seen to. */
  #isSought = false

  constructor(options: ParkingLotOptions) {
    this.#options = options
    this.#log = new ParkedKeyLog(options.topic, options.group)
  }

  /** How many the group has. */
  get partitions(): number {
    return this.#options.partitions
  }

  /** Parked and resuming keys as they were read last; `undefined` until something was. */
  get count(): number | undefined {
    return this.#isRead ? this.#log.set.keys.size : undefined
  }

  /** The version of what was read last; `undefined` until something was, which it sees to once. */
  get version(): number | undefined {
    if (this.#isRead) return this.#log.set.version
    if (!this.#isSought) {
      this.#isSought = true
      this.list().catch(() => {
        this.#isSought = false
      })
    }
    return undefined
  }

  /** @param partition only of that one */
  list(partition?: number): Promise<ParkedKeyList> {
    return this.#inTurn(async (connection) =>
      this.#listOf(connection, await this.#append(connection, { kind: "mark" }), partition),
    )
  }

  /** One key, if it is parked or resuming. */
  find(key: string): Promise<ParkedKeyStatus | undefined> {
    return this.#inTurn(async (connection) => {
      const { keys } = await this.#append(connection, { kind: "mark" })
      return this.#statusOf(connection, keys.get(key))
    })
  }

  /** As `list`, for a new owner of the partition: from now on no other can release a key of it. */
  claim(partition: number): Promise<ParkedKeyList> {
    return this.#inTurn(async (connection) => {
      const set = await this.#append(connection, { kind: "claim", partition })
      return this.#listOf(connection, set, partition)
    })
  }

  /** Idempotent. `undefined`: there are too many. */
  park(key: string, partition: number, detail: string): Promise<ParkedKeyStatus | undefined> {
    const since = new Date().toISOString()
    return this.#inTurn(async (connection) => {
      const event = { kind: "park", key, partition, since, detail } as const
      return this.#statusOf(connection, (await this.#append(connection, event)).keys.get(key))
    })
  }

  /** Idempotent. `undefined`: it is not parked. */
  resume(key: string): Promise<ParkedKeyStatus | undefined> {
    return this.#inTurn(async (connection) => {
      const set = await this.#append(connection, { kind: "resume", key })
      return this.#statusOf(connection, set.keys.get(key))
    })
  }

  /** Idempotent. `false`: it has changed since that version, or is not empty. */
  release(key: string, version: number): Promise<boolean> {
    return this.#inTurn(async (connection) => {
      const before = await this.#append(connection, { kind: "mark" })
      const found = before.keys.get(key)
      if (found === undefined) return true
      if (found.state !== "resuming" || found.version !== version) return false
      if ((await this.#depth(connection, found)) > 0) return false
      const { keys } = await this.#append(connection, { kind: "release", key, version })
      if (keys.has(key)) return false
      const queue = this.#queueOf(found)
      // One that is left over is never used again.
      const remove = withChannel(connection, `deleting "${queue}"`, (c) => c.queueDelete(queue))
      await remove.catch(() => {})
      return true
    })
  }

  #inTurn<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      const connection = this.#options.connection()
      if (connection === undefined || connection.blocked !== undefined) {
        throw new BrokerError("the broker is away, or takes nothing just now", "broker_away")
      }
      return ask(connection)
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async #append(connection: Connection, event: ParkedKeyEvent): Promise<ParkedKeySet> {
    // A group whose keys were never parked has no record, and needs none.
    if (event.kind !== "park" && !this.#isRead && !(await this.#log.exists(connection))) {
      return noParkedKeys
    }
    const set = await this.#log.append(connection, event)
    this.#isRead = true
    return set
  }

  async #listOf(
    connection: Connection,
    { version, keys }: ParkedKeySet,
    partition: number | undefined,
  ): Promise<ParkedKeyList> {
    const wanted = [...keys.values()].filter(
      (each) => partition === undefined || each.partition === partition,
    )
    const statuses: ParkedKeyStatus[] = []
    for (const each of wanted) statuses.push((await this.#statusOf(connection, each))!)
    return { version, keys: statuses }
  }

  /** Makes sure of its queue: whoever recorded it may not have come to that. */
  async #statusOf(
    connection: Connection,
    key: ParkedKey | undefined,
  ): Promise<ParkedKeyStatus | undefined> {
    if (key === undefined) return undefined
    const queue = this.#queueOf(key)
    const settings: PartitionQueueConfig = { type: this.#options.queueType }
    const [undeclared] = await declareQueues(connection, [
      partitionQueueDeclaration(queue, settings, connection),
    ])
    if (undeclared !== undefined) throw new BrokerError(`queue "${queue}" ${undeclared.why}`)
    return { ...key, queue, messages: await this.#depth(connection, key) }
  }

  /** Ready messages. */
  async #depth(connection: Connection, key: ParkedKey): Promise<number> {
    const queue = this.#queueOf(key)
    try {
      const passive = await withChannel(connection, `looking at "${queue}"`, (channel) =>
        channel.queueDeclare(queue, { passive: true }),
      )
      return passive.messageCount
    } catch (error) {
      const reason = BrokerError.from(error, "the broker says")
      if (isMissing(reason)) return 0
      throw reason
    }
  }

  #queueOf({ stay }: ParkedKey): string {
    const { topic, group } = this.#options
    return parkingQueue(topic, group, stay)
  }
}
