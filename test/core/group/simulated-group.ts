import type { MemberId } from "../../../src/core/group/assignor.ts"
import type { GroupEffect, GroupEvent } from "../../../src/core/group/group-event.ts"
import {
  assignmentOf,
  emptyGroup,
  type GroupRules,
  type GroupState,
  transition,
} from "../../../src/core/group/group-state.ts"
import { subscribers } from "../../../src/core/group/partition-state.ts"

type MemberEvent = Extract<GroupEvent, { readonly member: MemberId }>

interface Answer {
  readonly generation: number
  readonly assigned: ReadonlySet<number>
}

/** A member's process: what it has been told, has subscribed to, and is draining. */
class Process {
  actedOn = 0
  readonly open = new Set<number>()
  readonly draining = new Set<number>()
  isFrozen = false
  isLeaving = false
  /** What it held by the newest of its heartbeats that were heard. */
  said: ReadonlySet<number> = new Set()
  saidOn = 0
  /** Heartbeats under way. */
  readonly sent: MemberEvent[] = []
  /** Answers it has not acted on. */
  readonly answers: Answer[] = []
}

/**
 * A group with its members' processes and the broker's queues, which know of their subscribers in the
 * order in which these came: the first is active. Requests and answers take their time, and requests may
 * overtake each other.
 */
export class SimulatedGroup {
  state: GroupState
  nowMs = 0
  readonly effects: GroupEffect[] = []
  readonly processes = new Map<MemberId, Process>()
  readonly queues: MemberId[][]
  /** What must not have happened. */
  readonly violations: string[] = []
  readonly #rules: GroupRules
  /** The generation at which a member was last found to have let go of a partition. */
  readonly #released = new Map<string, number>()

  constructor(partitions: number, rules: GroupRules, opensMs = 0) {
    this.state = emptyGroup(partitions, opensMs, 0)
    this.queues = Array.from({ length: partitions }, () => [])
    this.#rules = rules
  }

  /** Of each partition, who is to be subscribed. */
  get listed(): readonly (readonly MemberId[])[] {
    return this.state.partitions.map(subscribers)
  }

  /** The coordinator is started anew, and knows nothing. */
  restart(): void {
    const opensMs = this.nowMs + this.#rules.sessionTimeoutMs
    this.state = emptyGroup(this.queues.length, opensMs, this.state.generation + 1_000)
    this.#released.clear()
  }

  join(id: MemberId): void {
    this.#end(id)
    this.processes.set(id, new Process())
    this.#request({ kind: "joined", member: id })
  }

  /** Says what it has done; not heard yet. */
  send(id: MemberId): void {
    const process = this.#living(id)
    if (process === undefined) return
    const { actedOn, open, isLeaving } = process
    const said = { kind: "heard", member: id, actedOn, holds: new Set(open) } as const
    process.sent.push(isLeaving ? { ...said, isLeaving } : said)
  }

  /** One of its heartbeats is heard, and answered. */
  hear(id: MemberId, which: number): void {
    const sent = this.processes.get(id)?.sent ?? []
    const [event] = sent.length === 0 ? [] : sent.splice(which % sent.length, 1)
    if (event?.kind !== "heard") return
    const process = this.processes.get(id)!
    if (event.actedOn >= process.saidOn && event.actedOn <= this.state.generation) {
      process.said = event.holds
      process.saidOn = event.actedOn
    }
    this.#request(event)
  }

  /** Acts on one answer: subscribes to what is new, and begins to drain what is no longer there. */
  act(id: MemberId): void {
    const process = this.#living(id)
    const answer = process?.answers.shift()
    if (process === undefined || answer === undefined || answer.generation < process.actedOn) return
    for (const partition of answer.assigned) {
      process.draining.delete(partition)
      if (!process.open.has(partition)) this.#open(id, process, partition, answer.generation)
    }
    for (const partition of process.open) {
      if (!answer.assigned.has(partition)) process.draining.add(partition)
    }
    process.actedOn = answer.generation
  }

  /** Finishes what it has of the partitions that it was told to drain, and closes their channels. */
  drain(id: MemberId): void {
    const process = this.#living(id)
    for (const partition of process?.draining ?? []) {
      process!.open.delete(partition)
      this.#unsubscribe(id, partition)
    }
    process?.draining.clear()
  }

  /** A heartbeat and all that comes of it. */
  heartbeat(id: MemberId): void {
    this.send(id)
    while ((this.processes.get(id)?.sent.length ?? 0) > 0) this.hear(id, 0)
    while ((this.#living(id)?.answers.length ?? 0) > 0) this.act(id)
  }

  /** Says that it wants to leave, and is heard at once. */
  leaveInTime(id: MemberId): void {
    const process = this.#living(id)
    if (process === undefined) return
    process.isLeaving = true
    this.send(id)
    this.hear(id, process.sent.length - 1)
  }

  leave(id: MemberId): void {
    if (!this.processes.has(id)) return
    this.#end(id)
    this.#happen({ kind: "left", member: id })
  }

  crash(id: MemberId): void {
    this.#end(id)
  }

  freeze(id: MemberId, isFrozen: boolean): void {
    const process = this.processes.get(id)
    if (process !== undefined) process.isFrozen = isFrozen
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.#happen({ kind: "ticked" })
  }

  /** Until nothing moves any more: every process that is alive says so and does as it is told. */
  settle(): void {
    for (const id of this.processes.keys()) this.freeze(id, false)
    for (let round = 0; round < 12; round++) {
      this.pass(this.#rules.sessionTimeoutMs / 4)
      for (const id of [...this.processes.keys()]) {
        this.drain(id)
        this.heartbeat(id)
        const { isLeaving, open } = this.processes.get(id)!
        if (isLeaving && open.size === 0) this.leave(id)
      }
    }
  }

  #living(id: MemberId): Process | undefined {
    const process = this.processes.get(id)
    return process?.isFrozen ? undefined : process
  }

  #request(event: MemberEvent): void {
    const isForgotten = !this.state.members.has(event.member) && this.nowMs < this.state.opensMs
    const returns = event.kind === "heard" && isForgotten
    this.#happen(returns ? { kind: "returned", member: event.member, holds: event.holds } : event)
    const process = this.processes.get(event.member)
    if (process === undefined) return
    if (this.state.members.has(event.member)) {
      const assigned = new Set(assignmentOf(this.state, event.member))
      process.answers.push({ generation: this.state.generation, assigned })
    } else this.join(event.member)
  }

  #happen(event: GroupEvent): void {
    const before = this.state
    const { state, effects } = transition(this.state, event, this.#rules, this.nowMs)
    this.state = state
    this.effects.push(...effects)
    for (const [partition, after] of state.partitions.entries()) {
      const isOffered = before.partitions[partition]!.kind === "offered"
      if (!isOffered || after.kind !== "revoking") continue
      const heir = this.processes.get(after.heir)
      // One that has crashed since is nobody's fault.
      if (heir !== undefined && !heir.open.has(partition) && heir.actedOn > 0) {
        this.violations.push(`partition ${partition} is revoked with nobody behind its owner`)
      }
    }
    for (const effect of effects) {
      if (effect.kind === "fence") {
        const isAssigned = assignmentOf(before, effect.member).includes(effect.partition)
        if (isAssigned !== (effect.why === "unsubscribed")) {
          this.violations.push(`${effect.member} was fenced for what it was to have`)
        }
        if (isAssigned && this.#served(effect.member, effect.partition)) {
          this.violations.push(`${effect.member} was fenced although it is subscribed`)
        }
        this.#end(effect.member)
      } else if (effect.kind === "handedOver") {
        const { from, partition } = effect
        this.#released.set(`${from} ${partition}`, state.generation)
        if (this.processes.get(from)?.open.has(partition)) {
          this.violations.push(`${from} still has partition ${partition}`)
        }
      }
    }
  }

  /** Whether it had said so of a partition by then. */
  #served(id: MemberId, partition: number): boolean {
    return this.processes.get(id)?.said.has(partition) ?? false
  }

  #open(id: MemberId, process: Process, partition: number, generation: number): void {
    const released = this.#released.get(`${id} ${partition}`)
    if (released !== undefined && generation < released) {
      this.violations.push(`${id} opens partition ${partition}, which it had let go`)
    }
    process.open.add(partition)
    this.queues[partition]!.push(id)
  }

  #end(id: MemberId): void {
    const process = this.processes.get(id)
    for (const partition of process?.open ?? []) this.#unsubscribe(id, partition)
    this.processes.delete(id)
    for (const key of this.#released.keys())
      if (key.startsWith(`${id} `)) this.#released.delete(key)
  }

  #unsubscribe(id: MemberId, partition: number): void {
    const queue = this.queues[partition]!
    const at = queue.indexOf(id)
    if (at >= 0) queue.splice(at, 1)
  }
}
