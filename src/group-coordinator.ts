import { bounds } from "./core/bounds.ts"
import type { MemberId } from "./core/group/assignor.ts"
import type { GroupEffect, GroupEvent } from "./core/group/group-event.ts"
import {
  assignmentOf,
  emptyGroup,
  type GroupRules,
  type GroupState,
  type MemberStatus,
  memberStatuses,
  transition,
} from "./core/group/group-state.ts"
import type { Log } from "./log.ts"

export interface GroupCoordinatorOptions {
  readonly topic: string
  readonly group: string
  /** The partition queues, by partition. */
  readonly queues: readonly string[]
  readonly rules: GroupRules
  /** How long it waits for others, once there is a first member, before it shares out partitions. */
  readonly initialDelayMs: number
  readonly log: Log
  /** Above those of every coordinator that this group had before. */
  readonly firstGeneration: number
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  readonly newId: () => string
  /** Takes these queues from one that is a member no more; tells how many connections that has cost it. */
  readonly cutOff: (
    member: MemberId,
    queues: readonly string[],
    isGone: () => boolean,
  ) => Promise<number>
}

/** What a member is told: to be subscribed to these queues and no others. */
export interface Assignment {
  readonly memberId: MemberId
  /** To be sent along with the next heartbeat, once the member is subscribed to all of `partitions`. */
  readonly generation: number
  /** Ascending. */
  readonly partitions: readonly { readonly partition: number; readonly queue: string }[]
  readonly heartbeatIntervalMs: number
}

/** What a member says of itself. */
export interface Heartbeat {
  /** Of the newest assignment that it has acted on: it is subscribed to all of that. */
  readonly generation: number
  /** Whose channel it has open, those included that it is draining. */
  readonly partitions: readonly number[]
  /** It is to be left with nothing, once others are subscribed to what it has. @default false */
  readonly leaving?: boolean | undefined
}

/** What has happened since the start, and who is there. */
export interface GroupCounts {
  readonly members: number
  readonly handedOver: number
  readonly expired: number
  readonly fenced: number
  /** Connections that were closed for that. */
  readonly cutOff: number
}

/**
 * Shares the partitions of one group out among its members. All that it decides is `transition`, one
 * event after the other; what it knows of the members it learns from them, again after a restart.
 */
export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions
  readonly #startedMs: number
  /** Runs while there are members. */
  #timer: ReturnType<typeof setInterval> | undefined
  #state: GroupState
  #isStopped = false
  /** On the clock of the options. */
  #lastMs: number
  /** Time in which the process did not run, or there was nobody: it is nobody's silence. */
  #pausedMs = 0
  /** Those that are to be cut off unless they come back in time. */
  readonly #expired = new Map<MemberId, Removal & { readonly sinceMs: number }>()
  readonly #since = { handedOver: 0, expired: 0, fenced: 0, cutOff: 0 }

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options
    this.#startedMs = options.now()
    this.#lastMs = this.#startedMs
    const { queues, initialDelayMs, firstGeneration } = options
    this.#state = emptyGroup(queues.length, this.#startedMs + initialDelayMs, firstGeneration)
  }

  get counts(): GroupCounts {
    return { members: this.#state.members.size, ...this.#since }
  }

  /** Its members, and the partitions of each. */
  get members(): readonly MemberStatus[] {
    return memberStatuses(this.#state, this.#now())
  }

  /** Whether there is a place for that member. */
  hasPlaceFor(memberId: MemberId | undefined): boolean {
    const { members } = this.#state
    if (memberId !== undefined && members.has(memberId)) return true
    return members.size < bounds.groupMembersMax
  }

  /** A member comes, or comes again after it has lost all its channels. Its id is made up if it has none. */
  join(memberId: MemberId = this.#options.newId()): Assignment {
    const isNew = !this.#state.members.has(memberId)
    this.#happen({ kind: "joined", member: memberId })
    if (isNew) this.#say({ member: memberId }, "a member has joined")
    return this.#assignment(memberId)
  }

  /**
   * A member lives, and says what it has done. `undefined` if it is none (any more): it has to close all
   * its channels and to join. Soon after the start it may be one of before that.
   */
  heartbeat(memberId: MemberId, heartbeat: Heartbeat): Assignment | undefined {
    const { generation, partitions, leaving: isLeaving = false } = heartbeat
    const own = partitions.filter((partition) => partition < this.#options.queues.length)
    const said = { member: memberId, holds: new Set(own) }
    const isMember = this.#state.members.has(memberId)
    if (isMember) this.#happen({ kind: "heard", actedOn: generation, isLeaving, ...said })
    else if (!this.#mayReturn || !this.hasPlaceFor(memberId)) return undefined
    else {
      this.#happen({ kind: "returned", ...said })
      this.#say({ member: memberId }, "a member has come back")
    }
    return this.#state.members.has(memberId) ? this.#assignment(memberId) : undefined
  }

  /** A member has closed all its channels. `false` if it was none. */
  leave(memberId: MemberId): boolean {
    if (!this.#state.members.has(memberId)) return false
    this.#happen({ kind: "left", member: memberId })
    this.#say({ member: memberId }, "a member has left")
    return true
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true
    this.#rest()
  }

  /** Until something happens. */
  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** A member of before the start that was not heard of by then has expired. */
  get #mayReturn(): boolean {
    return this.#now() - this.#startedMs < this.#options.rules.sessionTimeoutMs
  }

  /** On a clock that stands still while this does. */
  #now(): number {
    const nowMs = this.#options.now()
    const missedMs = nowMs - this.#lastMs - bounds.groupTickMs
    if (missedMs > bounds.groupPauseMs) this.#pausedMs += missedMs
    this.#lastMs = nowMs
    return nowMs - this.#pausedMs
  }

  #happen(event: GroupEvent): void {
    const { rules } = this.#options
    const nowMs = this.#now()
    const { state, effects } = transition(this.#state, event, rules, nowMs)
    this.#state = state
    for (const effect of effects) this.#tell(effect, nowMs)
    for (const [member, { sinceMs, ...removal }] of this.#expired) {
      const isBack = state.members.has(member)
      const isDue = nowMs - sinceMs >= rules.sessionTimeoutMs
      if (isBack || isDue) this.#expired.delete(member)
      if (isDue && !isBack) void this.#cutOff(removal)
    }
    if (state.members.size === 0 && this.#expired.size === 0) this.#rest()
    else if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#happen({ kind: "ticked" }), bounds.groupTickMs)
      this.#timer.unref()
    }
  }

  #tell(effect: GroupEffect, nowMs: number): void {
    switch (effect.kind) {
      case "handedOver":
        this.#since.handedOver += 1
        return
      case "expired":
        this.#since.expired += 1
        this.#options.log.info(
          { ...this.#names, member: effect.member },
          "a member was not heard of for too long, and is one no more",
        )
        // If it lives it learns that at its next heartbeat, and comes to an end with what it is at.
        this.#expired.set(effect.member, { ...effect, sinceMs: nowMs })
        return
      case "fence":
        this.#since.fenced += 1
        this.#options.log.warn(
          { ...this.#names, member: effect.member, queue: this.#queue(effect.partition) },
          `a member did not ${missed[effect.why]} in time, and is a member no more`,
        )
        void this.#cutOff(effect)
    }
  }

  /** The broker holds to whoever is subscribed, be it a member or not. */
  async #cutOff({ member, partitions }: Removal): Promise<void> {
    const queues = partitions.map((partition) => this.#queue(partition))
    const isGone = () => !this.#isStopped && !this.#state.members.has(member)
    const closed = await this.#options.cutOff(member, queues, isGone)
    this.#since.cutOff += closed
    if (closed > 0) this.#say({ member, connections: closed }, "its connections were closed")
  }

  #queue(partition: number): string {
    return this.#options.queues[partition]!
  }

  #assignment(memberId: MemberId): Assignment {
    const partitions = assignmentOf(this.#state, memberId).map((partition) => {
      return { partition, queue: this.#queue(partition) }
    })
    const { rules } = this.#options
    const heartbeatIntervalMs = Math.floor(rules.sessionTimeoutMs / bounds.heartbeatsPerSession)
    return { memberId, generation: this.#state.generation, partitions, heartbeatIntervalMs }
  }

  #say(fields: object, what: string): void {
    this.#options.log.info({ ...this.#names, ...fields }, what)
  }

  get #names() {
    const { topic, group } = this.#options
    return { topic, group }
  }
}

type Removal = Exclude<GroupEffect, { readonly kind: "handedOver" }>

const missed = {
  undrained: "give a partition back",
  unsubscribed: "subscribe to a partition",
} as const
