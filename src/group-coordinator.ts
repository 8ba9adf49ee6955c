import { bounds } from "./core/bounds.ts"
import type { MemberId } from "./core/group/assignor.ts"
import {
  assignmentOf,
  emptyGroup,
  type GroupEffect,
  type GroupEvent,
  type GroupRules,
  type GroupState,
  transition,
} from "./core/group/group-state.ts"
import type { Log } from "./log.ts"

export interface GroupCoordinatorOptions {
  readonly topic: string
  readonly group: string
  /** The partition queues, by partition. */
  readonly queues: readonly string[]
  readonly rules: GroupRules
  /** How long after its start it waits for members before it shares out partitions. */
  readonly initialDelayMs: number
  readonly log: Log
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  readonly newId: () => string
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
}

/** What has happened since the start, and who is there. */
export interface GroupCounts {
  readonly members: number
  handedOver: number
  expired: number
  fenced: number
}

/**
 * Shares the partitions of one group out among its members. All that it decides is `transition`, one
 * event after the other; what it knows of the members it learns from them, again after a restart.
 */
export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions
  readonly #startedMs: number
  readonly #timer: ReturnType<typeof setInterval>
  #state: GroupState
  readonly counts: GroupCounts

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options
    this.#startedMs = options.now()
    this.#state = emptyGroup(options.queues.length, this.#startedMs + options.initialDelayMs)
    const state = () => this.#state
    this.counts = {
      get members() {
        return state().members.size
      },
      handedOver: 0,
      expired: 0,
      fenced: 0,
    }
    this.#timer = setInterval(() => this.#happen({ kind: "ticked" }), bounds.groupTickMs)
    this.#timer.unref()
  }

  /** Whether there is no place for another member. */
  get isFull(): boolean {
    return this.#state.members.size >= bounds.groupMembersMax
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
  heartbeat(memberId: MemberId, { generation, partitions }: Heartbeat): Assignment | undefined {
    const said = { member: memberId, actedOn: generation, holds: new Set(partitions) }
    if (this.#state.members.has(memberId)) this.#happen({ kind: "heard", ...said })
    else if (!this.#mayReturn) return undefined
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

  stop(): void {
    clearInterval(this.#timer)
  }

  /** What was before the start has expired by then, and has to be fenced. */
  get #mayReturn(): boolean {
    const { now, rules } = this.#options
    return now() - this.#startedMs < rules.sessionTimeoutMs && !this.isFull
  }

  #happen(event: GroupEvent): void {
    const { rules, now } = this.#options
    const { state, effects } = transition(this.#state, event, rules, now())
    this.#state = state
    for (const effect of effects) this.#tell(effect)
  }

  #tell(effect: GroupEffect): void {
    switch (effect.kind) {
      case "handedOver":
        this.counts.handedOver += 1
        return
      case "expired":
        this.counts.expired += 1
        this.#say(
          { member: effect.member },
          "a member was not heard of for too long, and is one no more",
        )
        return
      case "fence":
        this.counts.fenced += 1
        this.#options.log.warn(
          { ...this.#names, member: effect.member, queue: this.#options.queues[effect.partition] },
          "a member did not give a partition back in time, and is a member no more",
        )
    }
  }

  #assignment(memberId: MemberId): Assignment {
    const { queues, rules } = this.#options
    const partitions = assignmentOf(this.#state, memberId).map((partition) => {
      return { partition, queue: queues[partition]! }
    })
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
