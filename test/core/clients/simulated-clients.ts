import type { QueueSight } from "../../../src/core/clients/client.ts"
import type { ClientsEffect, ClientsEvent } from "../../../src/core/clients/clients-event.ts"
import { restored, snapshotOf } from "../../../src/core/clients/clients-snapshot.ts"
import {
  type ClientsRules,
  type ClientsState,
  noClients,
  transition,
} from "../../../src/core/clients/clients-state.ts"
import { forwardedTo, isBeingTakenBack, watched } from "../../../src/core/clients/clients-view.ts"

interface Message {
  readonly partition: number
  readonly number: number
}

/** A client's process and queue. A queue that has lost its process stays, with what is in it. */
class Pod {
  queue: Message[] = []
  /** Delivered, and not acked. */
  readonly held: Message[] = []
  isAlive = true
  isBound = true
  /** It does not work on anything. */
  isStuck = false
}

/**
 * A client-bound group with the queues of its clients, and those of PartyMQ: a front or partition queue
 * for each partition. What is on its way takes its time; the record is what a restart goes on from.
 */
export class SimulatedClients {
  state: ClientsState
  recorded: ClientsState
  nowMs = 0
  readonly pods = new Map<string, Pod>()
  readonly violations: string[] = []
  readonly effects: ClientsEffect[] = []
  readonly #rules: ClientsRules
  readonly #hasManagement: boolean
  readonly #tails: Message[][]
  readonly #fronts = new Map<string, Message[]>()
  /** Whom a partition is really forwarded to: what ends takes its time. */
  readonly #running: (string | undefined)[]
  readonly #seen: ClientsEvent[] = []
  /** By partition: published, and the newest that was worked on. */
  readonly published: number[]
  readonly handled: number[]
  readonly count: number

  constructor(partitions: number, rules: ClientsRules, hasManagement = true) {
    this.count = partitions
    this.state = noClients(partitions)
    this.recorded = this.state
    this.#rules = rules
    this.#hasManagement = hasManagement
    this.#tails = Array.from({ length: partitions }, () => [])
    this.#running = Array.from({ length: partitions }, () => undefined)
    this.published = Array.from({ length: partitions }, () => 0)
    this.handled = Array.from({ length: partitions }, () => 0)
  }

  publish(partition: number): void {
    this.published[partition]! += 1
    this.#tails[partition]!.push({ partition, number: this.published[partition]! })
  }

  join(id: string): void {
    const pod = this.pods.get(id) ?? new Pod()
    const isKnown = this.state.clients.get(id)?.phase === "ready"
    if (isBeingTakenBack(this.state, id) || (isKnown && pod.isAlive && this.pods.has(id))) return
    pod.isAlive = true
    pod.isBound = true
    pod.isStuck = false
    this.pods.set(id, pod)
    this.happen({ kind: "bound", client: id, queue: id })
    this.happen({ kind: "ready", client: id })
  }

  /** It asks for its routing key, and ends before it has done more. */
  bindOnly(id: string): void {
    const isEnded = this.pods.get(id)?.isAlive === false
    if (isEnded && !isBeingTakenBack(this.state, id)) this.happen({ kind: "bound", client: id })
  }

  beat(id: string): void {
    if (this.pods.get(id)?.isAlive) this.happen({ kind: "heard", client: id })
  }

  crash(id: string): void {
    const pod = this.pods.get(id)
    if (pod === undefined) return
    pod.isAlive = false
    pod.queue = [...pod.held.splice(0), ...pod.queue]
  }

  leave(id: string): void {
    if (!this.pods.get(id)?.isAlive) return
    this.happen({ kind: "unbound", client: id })
    this.crash(id)
  }

  unbindQueue(id: string): void {
    const pod = this.pods.get(id)
    if (pod !== undefined) pod.isBound = false
  }

  bindAgain(id: string): void {
    const pod = this.pods.get(id)
    if (!pod?.isAlive || pod.isBound || isBeingTakenBack(this.state, id)) return
    pod.isBound = true
    this.happen({ kind: "ready", client: id })
  }

  /** It takes a message, or acks one. */
  work(id: string): void {
    const pod = this.pods.get(id)
    if (!pod?.isAlive || pod.isStuck) return
    if (pod.held.length > 0 && this.nowMs % 2 === 0) {
      pod.held.shift()
      return
    }
    const message = pod.queue.shift()
    if (message === undefined) {
      pod.held.shift()
      return
    }
    pod.held.push(message)
    this.#handle(id, message)
  }

  /** PartyMQ forwards something of a partition, if it does so at all. */
  forward(partition: number): void {
    const client = this.#running[partition]
    const queue = this.#head(partition)
    const [message] = queue
    if (client === undefined || message === undefined) return
    const pod = this.pods.get(client)
    if (!pod?.isBound) {
      this.happen({ kind: "returned", client })
      return
    }
    queue.shift()
    pod.queue.push(message)
  }

  /** What is to end has ended, what is to begin has begun, of one partition. */
  apply(partition: number): void {
    const wanted = forwardedTo(this.state, partition)
    const recorded = this.recorded.partitions[partition]!
    const isRecorded = recorded.kind === "owned" && recorded.owner === wanted
    this.#running[partition] = isRecorded ? wanted : undefined
    const at = this.state.partitions[partition]!
    if (at.kind === "draining" && at.stoppedMs === undefined) {
      this.happen({ kind: "stopped", partitions: [partition] })
    }
    const [front] = this.state.fronts[partition]!
    if (at.kind !== "owned" || front === undefined) return
    if (this.#front(partition, front).length === 0) {
      this.happen({ kind: "frontEmptied", partition, front })
    }
  }

  record(): void {
    this.recorded = this.state
  }

  restart(): void {
    this.#running.fill(undefined)
    this.#seen.length = 0
    this.state = restored(snapshotOf(this.recorded), this.nowMs)
    this.recorded = this.state
  }

  /** Looks at queues; what is seen is told later. */
  look(): void {
    const asOfMs = this.nowMs
    for (const client of watched(this.state)) {
      this.#seen.push({ kind: "looked", client, sight: this.#sight(client), asOfMs })
    }
  }

  see(): void {
    const event = this.#seen.shift()
    if (event !== undefined) this.happen(event)
  }

  /** One message of one queue that is being emptied. */
  reclaim(): void {
    for (const [client, { front }] of this.recorded.reclaims) {
      if (!this.state.reclaims.has(client)) continue
      const pod = this.pods.get(client)!
      if (pod.isAlive) {
        this.happen({ kind: "interrupted", client })
        continue
      }
      const message = pod.queue.shift()
      if (message === undefined) {
        this.happen({ kind: "reclaimed", client })
        continue
      }
      const at = this.state.partitions[message.partition]!
      const isOf = at.kind === "reclaiming" && at.from === client
      const target = isOf ? this.#front(message.partition, front) : this.#tails[message.partition]!
      target.push(message)
    }
  }

  /** Somebody subscribes to the queues that are being emptied, and goes having taken nothing. */
  interrupt(): void {
    for (const client of this.recorded.reclaims.keys()) {
      if (this.state.reclaims.has(client)) this.happen({ kind: "interrupted", client })
    }
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.happen({ kind: "checked" })
    this.happen({ kind: "ticked" })
  }

  happen(event: ClientsEvent): void {
    const { state, effects } = transition(this.state, event, this.#rules, this.nowMs)
    this.state = state
    this.effects.push(...effects)
  }

  /** Until nothing moves any more; every process that lives works, and that one does live. */
  settle(id: string): void {
    for (const pod of this.pods.values()) pod.isStuck = false
    for (let round = 0; round < 3_000; round++) {
      this.join(id)
      for (const id of this.pods.keys()) {
        this.beat(id)
        this.bindAgain(id)
        for (let n = 0; n < 5; n++) this.work(id)
      }
      for (let partition = 0; partition < this.count; partition++) {
        this.apply(partition)
        for (let n = 0; n < 3; n++) this.forward(partition)
      }
      this.record()
      this.look()
      for (let n = 0; n < 10; n++) this.see()
      for (let n = 0; n < 20; n++) this.reclaim()
      this.pass(7)
      if (this.handled.every((n, at) => n === this.published[at])) {
        const isQuiet = this.state.partitions.every(({ kind }) => kind === "owned")
        if (isQuiet && this.state.reclaims.size === 0) return
      }
    }
  }

  #handle(id: string, { partition, number }: Message): void {
    const last = this.handled[partition]!
    if (number > last + 1) {
      this.violations.push(`${id} handles ${number} of partition ${partition} after ${last}`)
    }
    if (number === last + 1) this.handled[partition] = number
    for (const [other, pod] of this.pods) {
      if (other !== id && pod.held.some((message) => message.partition === partition)) {
        this.violations.push(`${id} and ${other} are both at partition ${partition}`)
      }
    }
  }

  #sight(client: string): QueueSight {
    const pod = this.pods.get(client)
    if (pod === undefined) return { kind: "missing" }
    const unacked = this.#hasManagement ? pod.held.length : undefined
    const consumers = pod.isAlive ? 1 : 0
    return { kind: "counts", ready: pod.queue.length, unacked, consumers }
  }

  #head(partition: number): Message[] {
    const [front] = this.state.fronts[partition]!
    return front === undefined ? this.#tails[partition]! : this.#front(partition, front)
  }

  #front(partition: number, front: number): Message[] {
    const name = `${partition} ${front}`
    const queue = this.#fronts.get(name) ?? []
    this.#fronts.set(name, queue)
    return queue
  }
}
