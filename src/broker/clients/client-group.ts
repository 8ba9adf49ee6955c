import type { ClientsConfig } from "../../config/config.ts"
import { bounds } from "../../core/bounds.ts"
import type { ClientsEffect, ClientsEvent } from "../../core/clients/clients-event.ts"
import {
  type ClientsRules,
  type ClientsState,
  transition,
} from "../../core/clients/clients-state.ts"
import { forwardedTo, heldPartitions, isBeingTakenBack } from "../../core/clients/clients-view.ts"
import { sticky } from "../../core/group/sticky.ts"
import { type TopicStats, topicStats } from "../../core/stats.ts"
import type { Log } from "../../log.ts"
import type { TopicPlan } from "../../topic-plan.ts"
import type { Management } from "../management.ts"
import type { ClientAnswer } from "./client-answer.ts"
import type { ClientCounts } from "./client-counts.ts"
import { boundQueue } from "./look-at-queue.ts"
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

  constructor(options: ClientGroupOptions) {
    this.#options = options
    const { plan, group, config } = options
    this.topic = plan.topic
    this.group = group
    this.config = config
    this.forwards = topicStats([group])
    this.reclaims = topicStats([group])
    this.#rules = {
      assignor: sticky,
      expiryMs: config.heartbeatExpiryMs,
      initialDelayMs: config.initialDelayMs,
      initialDelayMaxMs: config.initialDelayMaxMs,
      returnMs: config.returnDelayMs,
      onHandOverTimeout: config.onHandOverTimeout,
      handOverTimeoutMs: config.handOverTimeoutMs,
      stuckMs: bounds.clientStuckMs,
    }
  }

  get counts(): ClientCounts {
    const clients = { bound: 0, ready: 0, gone: 0 }
    for (const { phase } of this.#tenure?.state.clients.values() ?? []) clients[phase] += 1
    const held = this.#tenure === undefined ? 0 : heldPartitions(this.#tenure.state)
    const [forwarded, rerouted] = [this.forwards.settled, this.reclaims.settled]
    return { clients, held, forwarded, rerouted, expired: this.#expired, moved: this.#moved }
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
    const found = await this.#boundQueue(client)
    // What is bound is what counts, whatever name was given.
    const known = found === undefined ? queue : found.queue
    // Who cannot be asked has seen nothing wrong.
    const isSeen = found === undefined || known !== undefined
    return this.#answer((state) => {
      const before = state.clients.get(client)
      if (before === undefined || before.phase === "gone") return unknown(client)
      if (isBeingTakenBack(state, client)) return reclaiming
      if (!isSeen) {
        const { exchange } = this.config
        return `no queue is bound to exchange "${exchange}" with routing key "${this.routingKey(client)}": bind it, then say that it is ready`
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
      return `messages for client "${client}" came back: its queue is not bound; bind it, then say that it is ready`
    })
  }

  unbind(client: string): ClientAnswer {
    return this.#answer((state) => {
      if (state.clients.has(client)) this.#say({ client }, "a client has gone")
      this.#happen({ kind: "unbound", client })
      return undefined
    })
  }

  /** Takes the group on that connection, as soon as no other router has it. */
  async open(line: Line): Promise<void> {
    this.#line = line
    await this.#take(line)
  }

  /** The connection is gone. */
  close(reason: string): void {
    clearTimeout(this.#retry)
    this.#line = undefined
    this.#tenure?.close()
    this.#tenure = undefined
    this.#away = reason
  }

  /** Stops forwarding, and resolves once nothing is under way. */
  async drain(): Promise<void> {
    clearTimeout(this.#retry)
    await this.#tenure?.drain()
  }

  async #take(line: Line): Promise<void> {
    const tenure = await Tenure.begin(line, this, {
      ...this.#options,
      happen: (event) => this.#happen(event),
    })
    if (this.#line !== line) {
      tenure?.close()
      return
    }
    this.#tenure = tenure
    if (tenure !== undefined) {
      this.#say({}, "serving the clients of the group")
      tenure.start()
      return
    }
    this.#away = "another router serves the clients of this group; only one can"
    this.#retry = setTimeout(() => {
      if (this.#line !== line) return
      this.#take(line).catch(() => line.connection.destroy("the record of clients cannot be read"))
    }, bounds.clientsLockRetryMs)
  }

  /** `undefined` where that cannot be known. */
  async #boundQueue(client: string): Promise<{ queue: string | undefined } | undefined> {
    const { management } = this.#options
    if (management === undefined) return undefined
    const { exchange } = this.config
    const routingKey = this.routingKey(client)
    const asking = boundQueue({ management, exchange, routingKey })
    return asking.then((queue) => ({ queue })).catch(() => undefined)
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
    const { log } = this.#options
    if (effect.kind === "expired") {
      this.#expired += 1
      log.warn({ ...this.#names, client: effect.client }, "a client was not heard of for too long")
      return
    }
    const { partition, from, to, how } = effect
    this.#moved[how] += 1
    const fields = { ...this.#names, partition, from, to, how }
    if (how === "drained" || how === "reclaimed") log.info(fields, "a partition has moved")
    else log.warn(fields, "a partition has moved, and its former client may have some of it left")
  }

  #say(fields: object, what: string): void {
    this.#options.log.info({ ...this.#names, ...fields }, what)
  }

  get #names() {
    return { topic: this.topic, group: this.group }
  }
}

const reclaiming =
  "the messages that it left in its queue are being given to others; try again in a moment"

const unknown = (client: string): string =>
  `client "${client}" is not known, or was not heard of for too long: bind first`
