import { bounds } from "../../core/bounds.ts"
import type { BytePool } from "../../core/byte-pool.ts"
import type { ClientsEvent } from "../../core/clients/clients-event.ts"
import type { ClientsState } from "../../core/clients/clients-state.ts"
import { forwardedTo } from "../../core/clients/clients-view.ts"
import { clientsLock, clientsRecord, deadLetterQueue, frontQueue } from "../../core/generation.ts"
import type { Lane } from "../../core/lane.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import type { Publisher } from "../publisher.ts"
import { withChannel } from "../with-channel.ts"
import type { ClientGroup, ClientGroupOptions } from "./client-group.ts"
import { ClientLanes } from "./client-lanes.ts"
import { ClientsRecord } from "./clients-record.ts"
import { exchangeDeclared, frontsDeclared, locked } from "./clients-topology.ts"
import { passive } from "./look-at-queue.ts"
import { PartitionForwarder } from "./partition-forwarder.ts"
import { QueueWatch } from "./queue-watch.ts"
import { Reclaims } from "./reclaims.ts"

/** What the groups of a router share: one connection, on which everything of theirs is done. */
export interface Line {
  readonly connection: Connection
  readonly publisher: Publisher
  readonly pool: BytePool
  /** Of what is taken back: the queues that this goes to take it. */
  readonly reclaimPool: BytePool
}

export interface TenureOptions extends ClientGroupOptions {
  readonly happen: (event: ClientsEvent) => void
}

/** The time in which this router has a client-bound group: from getting its lock to losing its connection. */
export class Tenure {
  state: ClientsState
  readonly #line: Line
  readonly #group: ClientGroup
  readonly #options: TenureOptions
  readonly #record: ClientsRecord
  readonly #queues: readonly string[]
  readonly #forwarders: readonly PartitionForwarder[]
  readonly #reclaims: Reclaims
  readonly #lanes: ClientLanes
  readonly #deadLetters: Lane
  /** As the broker has confirmed it: nothing begins before it stands there. */
  #recorded: ClientsState
  #isWriting = false
  #isClosed = false
  #isDraining = false
  #isApplying = false
  #timers: ReturnType<typeof setInterval>[] = []
  #lastMs = performance.now()
  /** Time in which the process did not run: it is nobody's silence. */
  #pausedMs = 0

  /**
   * `undefined` while another router has the group.
   * @throws {BrokerError} when its record cannot be read, or a queue or the exchange not be declared; nothing
   * is left behind then but the lock
   */
  static async begin(
    line: Line,
    group: ClientGroup,
    options: TenureOptions,
  ): Promise<Tenure | undefined> {
    const { connection } = line
    const { topic, group: name } = group
    if (!(await locked(connection, clientsLock(topic, name)))) return undefined
    await exchangeDeclared(connection, group.config.exchange)
    const { type } = options.plan.config.groups[name]!.queue
    const queue = clientsRecord(topic, name)
    const { partitions } = group.config
    const nowMs = performance.now()
    const { record, state } = await ClientsRecord.open(connection, queue, type, partitions, nowMs)
    const { queues } = options.plan.route.groups.find((each) => each.group === name)!
    const fronts = state.fronts.map((each, partition) => [queues[partition]!, each] as const)
    await frontsDeclared(connection, type, fronts)
    return new Tenure(line, group, options, record, state)
  }

  private constructor(
    line: Line,
    group: ClientGroup,
    options: TenureOptions,
    record: ClientsRecord,
    state: ClientsState,
  ) {
    this.#line = line
    this.#group = group
    this.#options = options
    this.#record = record
    this.state = state
    this.#recorded = state
    const route = options.plan.route.groups.find((each) => each.group === group.group)!
    this.#queues = route.queues
    this.#lanes = new ClientLanes(line.publisher, group.forwards.groups[group.group]!)
    this.#deadLetters = this.#lanes.to(deadLetterQueue(group.topic), "", Number.POSITIVE_INFINITY)
    this.#reclaims = new Reclaims({
      ...{ line, group, plan: options.plan, log: options.log, happen: options.happen },
      ...{ lanes: this.#lanes, deadLetters: this.#deadLetters, queues: this.#queues },
      partitionOf: (partition) => this.state.partitions[partition],
      declareFronts: (fronts) => this.#declareFronts(fronts),
    })
    this.#forwarders = route.queues.map((_, partition) => this.#forwarder(partition))
  }

  get inFlight(): number {
    return this.#forwarders.filter(({ isStopped }) => !isStopped).length
  }

  /** What stands still until somebody does something about it, for people. */
  get problems(): readonly string[] {
    return this.#reclaims.problems
  }

  start(): void {
    const { happen, management, log } = this.#options
    const watch = new QueueWatch({
      ...{ connection: this.#line.connection, management, log, happen },
      exchange: this.#group.config.exchange,
      routingKey: (client) => this.#group.routingKey(client),
      state: () => this.state,
      now: () => this.nowMs(),
    })
    this.#timers = [
      setInterval(() => {
        this.#reclaims.watch()
        happen({ kind: "ticked" })
      }, bounds.groupTickMs),
      setInterval(() => happen({ kind: "checked" }), this.#group.config.heartbeatCheckIntervalMs),
      setInterval(() => watch.look(), bounds.clientLookIntervalMs),
    ]
    this.apply()
  }

  /** On a clock that stands still while this does. */
  nowMs(): number {
    const nowMs = performance.now()
    const missedMs = nowMs - this.#lastMs - bounds.groupTickMs
    if (missedMs > bounds.groupPauseMs) this.#pausedMs += missedMs
    this.#lastMs = nowMs
    return nowMs - this.#pausedMs
  }

  /** Does what the state asks for: what ends, ends at once; what begins, begins once it is recorded. */
  apply(): void {
    if (this.#isClosed || this.#isApplying) return
    this.#isApplying = true
    this.#write()
    const stopped: number[] = []
    for (const [partition, forwarder] of this.#forwarders.entries()) {
      const client = forwardedTo(this.state, partition)
      const recorded = this.#recorded.partitions[partition]!
      const isRecorded = recorded.kind === "owned" && recorded.owner === client
      forwarder.aim(isRecorded && !this.#isDraining ? client : undefined)
      const at = this.state.partitions[partition]!
      if (at.kind === "draining" && at.stoppedMs === undefined && forwarder.isStopped) {
        stopped.push(partition)
      }
    }
    for (const [client, { queue, front }] of this.state.reclaims) {
      const isRecorded = this.#recorded.reclaims.has(client)
      if (isRecorded && !this.#isDraining) this.#reclaims.begin(client, queue, front)
    }
    this.#isApplying = false
    if (stopped.length > 0) this.#options.happen({ kind: "stopped", partitions: stopped })
    if (this.#reclaims.areUnderWay) return
    const keys = new Set([...this.state.clients.keys()].map((id) => this.#group.routingKey(id)))
    this.#lanes.forget((queue) => keys.has(queue) || queue === this.#deadLetters.queue)
  }

  /** Stops everything in order. */
  async drain(): Promise<void> {
    this.#isDraining = true
    this.#reclaims.close()
    await Promise.all(this.#forwarders.map((forwarder) => forwarder.drain()))
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    for (const forwarder of this.#forwarders) forwarder.close()
    this.#reclaims.close()
  }

  async #write(): Promise<void> {
    if (this.#isWriting || this.#isClosed) return
    this.#isWriting = true
    try {
      while (!this.#isClosed && this.#record.differs(this.state)) {
        const { state } = this
        await this.#record.write(state)
        this.#recorded = state
        queueMicrotask(() => this.apply())
      }
    } catch (error) {
      const reason = BrokerError.from(error, "the record of clients cannot be written")
      this.#line.connection.destroy(reason.message)
    } finally {
      this.#isWriting = false
    }
  }

  #forwarder(partition: number): PartitionForwarder {
    const { happen, log } = this.#options
    const { connection, pool } = this.#line
    const { group, forwards: stats } = this.#group
    const queue = this.#queues[partition]!
    const fronts = () => this.state.fronts[partition]!.map((front) => frontQueue(queue, front))
    const fields = { topic: this.#group.topic, group, partition }
    return new PartitionForwarder({
      ...{ connection, pool, group, stats, partition, deadLetters: this.#deadLetters },
      settlesAcks: this.#options.plan.config.groups[group]!.queue.type === "quorum",
      queues: () => [...fronts(), queue],
      laneOf: (client) =>
        this.#lanes.to(this.#group.routingKey(client), this.#group.config.exchange),
      stopped: () => happen({ kind: "stopped", partitions: [partition] }),
      returned: (client) => {
        if (this.state.clients.get(client)?.phase !== "ready") return
        log.warn({ ...fields, client }, "a message came back: the client's queue is not bound")
        happen({ kind: "returned", client })
      },
      emptied: async (emptied) => {
        const front = this.state.fronts[partition]!.find((n) => frontQueue(queue, n) === emptied)!
        // Nobody has any of it now: what is ready is all that there is.
        const left = await passive(connection, emptied)
        if ((left?.ready ?? 0) > 0) return
        await withChannel(connection, `deleting "${emptied}"`, (channel) =>
          channel.queueDelete(emptied),
        )
        happen({ kind: "frontEmptied", partition, front })
      },
      held: () => log.error(fields, "the broker takes a message nowhere: it is held"),
      failed: (reason) => log.warn({ ...fields, reason }, "forwarding was interrupted"),
    })
  }

  #declareFronts(fronts: readonly (readonly [number, readonly number[]])[]): Promise<void> {
    const { type } = this.#options.plan.config.groups[this.#group.group]!.queue
    const named = fronts.map(([partition, each]) => [this.#queues[partition]!, each] as const)
    return frontsDeclared(this.#line.connection, type, named)
  }
}
