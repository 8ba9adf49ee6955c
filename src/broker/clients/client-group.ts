import type { ClientsConfig } from "../../config/config.ts"
import { bounds } from "../../core/bounds.ts"
import type { ClientsEffect, ClientsEvent } from "../../core/clients/clients-event.ts"
import {
  type ClientsRules,
  type ClientsState,
  transition,
} from "../../core/clients/clients-state.ts"
import { forwardedTo, heldPartitions, isBeingTakenBack } from "../../core/clients/clients-view.ts"
import { type TopicStats, topicStats } from "../../core/stats.ts"
import type { Log } from "../../log.ts"
import type { TopicPlan } from "../../topic-plan.ts"
import { BrokerError } from "../broker-error.ts"
import type { Management } from "../management.ts"
import type { ClientAnswer } from "./client-answer.ts"
import { cameBack, reclaiming, unknown, unseen } from "./client-conflicts.ts"
import type { ClientCounts } from "./client-counts.ts"
import { clientsRules } from "./clients-rules.ts"
import { boundQueueIfKnown } from "./look-at-queue.ts"
import { sayEffect } from "./say-effect.ts"
import { type Line, Tenure } from "./tenure.ts"

export interface ClientGroupOptions {
  readonly plan: TopicPlan
  readonly group: string
  readonly config: ClientsConfig
  readonly management: Management | undefined
  readonly log: Log
}

/**
 * The clients of one client-bound group. What it knows of them holds for as long as this router has the
 * group, on one connection; the next one, and other routers, go on from the record in the broker.
 */
export class ClientGroup {
  readonly topic: string
  readonly group: string
  readonly config: ClientsConfig
  /** Of what is forwarded, and of what is taken back from clients that have gone. */
  readonly forwards: TopicStats
  readonly reclaims: TopicStats
  readonly #options: ClientGroupOptions
  readonly #rules: ClientsRules
  readonly #moved = { drained: 0, reclaimed: 0, unseen: 0, proceeded: 0 }
  #expired = 0
  #tenure: Tenure | undefined
  #line: Line | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #away = "the broker cannot be reached"
  /** Why it is served by nobody, although the broker is there. */
  #problem: string | undefined
  /** Messages in queues that were emptied but for them. */
  #left = 0

  constructor(options: ClientGroupOptions) {
    this.#options = options
    const { plan, group, config } = options
    this.topic = plan.topic
    this.group = group
    this.config = config
    this.forwards = topicStats([group])
    this.reclaims = topicStats([group])
    this.#rules = clientsRules(config)
  }

  get counts(): ClientCounts {
    const clients = { bound: 0, ready: 0, gone: 0 }
    for (const { phase } of this.#tenure?.state.clients.values() ?? []) clients[phase] += 1
    const held = this.#tenure === undefined ? 0 : heldPartitions(this.#tenure.state)
    const [forwarded, rerouted] = [this.forwards.settled, this.reclaims.settled]
    const [left, problems] = [this.#left, this.problems.length]
    const counted = { clients, held, forwarded, rerouted, left, problems }
    return { ...counted, expired: this.#expired, moved: this.#moved }
  }

  /** What stands still until somebody does something about it, for people. */
  get problems(): readonly string[] {
    const { heldMessages } = this.forwards
    const held = `the broker takes ${heldMessages} of the messages in its partition queues nowhere`
    const own = [this.#problem ?? [], heldMessages === 0 ? [] : held].flat()
    return [...own, ...(this.#tenure?.problems ?? [])]
  }

  /** Deliveries that have not settled. */
  get inFlight(): number {
    return this.#tenure?.inFlight ?? 0
  }

  /** Whom a partition is forwarded to; `undefined` while nobody is. */
  clientOf(partition: number): string | undefined {
    return this.#tenure && forwardedTo(this.#tenure.state, partition)
  }

  routingKey(client: string): string {
    return `${this.config.routingKeyPrefix}${client}`
  }

  /** A client comes, or comes again. One whose old queue is being emptied waits for that. */
  async bind(client: string, queue?: string): Promise<ClientAnswer> {
    const deadline = performance.now() + bounds.clientBindWaitMs
    const isBusy = () => this.#tenure && isBeingTakenBack(this.#tenure.state, client)
    while (isBusy() && performance.now() < deadline) {
      await Bun.sleep(20)
    }
    return this.#answer((state) => {
      if (isBeingTakenBack(state, client)) return reclaiming
      const isNew = !state.clients.has(client)
      if (isNew && state.clients.size >= bounds.clientsMax) {
        return `there are ${bounds.clientsMax} clients, and there is no place for more`
      }
      this.#happen({ kind: "bound", client, ...(queue !== undefined && { queue }) })
      if (isNew) this.#say({ client }, "a client asks for its routing key")
      return undefined
    })
  }

  /** A client's queue is bound, as far as that can be known. */
  async ready(client: string, queue?: string): Promise<ClientAnswer> {
    const { management } = this.#options
    const asked = { management, exchange: this.config.exchange }
    const found = await boundQueueIfKnown({ ...asked, routingKey: this.routingKey(client) })
    // What is bound is what counts, whatever name was given.
    const known = found === undefined ? queue : found.queue
    // Who cannot be asked has seen nothing wrong.
    const isSeen = found === undefined || known !== undefined
    return this.#answer((state) => {
      const before = state.clients.get(client)
      if (before === undefined || before.phase === "gone") return unknown(client)
      if (isBeingTakenBack(state, client)) return reclaiming
      if (!isSeen) {
        return unseen(this.config.exchange, this.routingKey(client))
      }
      this.#happen({ kind: "ready", client, ...(known !== undefined && { queue: known }) })
      if (before.phase !== "ready") this.#say({ client, queue: known }, "a client is ready")
      return undefined
    })
  }

  heartbeat(client: string): ClientAnswer {
    return this.#answer((state) => {
      const before = state.clients.get(client)
      if (before === undefined || before.phase === "gone") return unknown(client)
      this.#happen({ kind: "heard", client })
      if (!before.lostBinding) return undefined
      return cameBack(client)
    })
  }

  unbind(client: string): ClientAnswer {
    return this.#answer((state) => {
      if (state.clients.has(client)) this.#say({ client }, "a client has gone")
      this.#happen({ kind: "unbound", client })
      return undefined
    })
  }

  /**
   * Takes the group on that connection, as soon as no other router has it. One that cannot be taken stands
   * still, says why, and is tried again: other groups go on meanwhile.
   */
  async open(line: Line): Promise<void> {
    this.#line = line
    await this.#take(line)
  }

  /** The connection is gone. */
  close(reason: string): void {
    clearTimeout(this.#retry)
    this.#line = undefined
    this.#problem = undefined
    this.#tenure?.close()
    this.#tenure = undefined
    this.#away = reason
  }

  /** So many messages that a client left behind stay in its queue: the broker takes them nowhere. */
  noteLeft(count: number): void {
    this.#left += count
  }

  /** Stops forwarding, and resolves once nothing is under way. */
  async drain(): Promise<void> {
    clearTimeout(this.#retry)
    await this.#tenure?.drain()
  }

  async #take(line: Line): Promise<void> {
    const tenure = await this.#begun(line)
    if (this.#line !== line) {
      tenure?.close()
      return
    }
    if (tenure !== undefined) {
      this.#tenure = tenure
      this.#say({}, "serving the clients of the group")
      tenure.start()
      return
    }
    this.#away = this.#problem ?? "another router serves the clients of this group; only one can"
    this.#retry = setTimeout(() => this.#take(line), bounds.clientsLockRetryMs)
  }

  /** `undefined` while it cannot be had. */
  async #begun(line: Line): Promise<Tenure | undefined> {
    const happen = (event: ClientsEvent) => this.#happen(event)
    try {
      const tenure = await Tenure.begin(line, this, { ...this.#options, happen })
      if (this.#line === line) this.#problem = undefined
      return tenure
    } catch (error) {
      // Of a connection that is gone its owner knows.
      if (this.#line !== line || line.connection.closed) return undefined
      const reason = BrokerError.from(error, "the group cannot be served").message
      const { log } = this.#options
      const fields = { ...this.#names, reason }
      if (reason !== this.#problem) log.error(fields, "nothing is forwarded to these clients")
      this.#problem = reason
    }
  }

  #answer(act: (state: ClientsState) => string | undefined): ClientAnswer {
    const tenure = this.#tenure
    if (tenure === undefined) return { kind: "away", detail: this.#away }
    const error = act(tenure.state)
    return error === undefined ? { kind: "ok" } : { kind: "conflict", error }
  }

  #happen(event: ClientsEvent): void {
    const tenure = this.#tenure
    if (tenure === undefined) return
    const { state, effects } = transition(tenure.state, event, this.#rules, tenure.nowMs())
    tenure.state = state
    for (const effect of effects) this.#tell(effect)
    tenure.apply()
  }

  #tell(effect: ClientsEffect): void {
    if (effect.kind === "expired") this.#expired += 1
    else this.#moved[effect.how] += 1
    sayEffect(this.#options.log, this.#names, effect)
  }

  #say(fields: object, what: string): void {
    this.#options.log.info({ ...this.#names, ...fields }, what)
  }

  get #names() {
    return { topic: this.topic, group: this.group }
  }
}
