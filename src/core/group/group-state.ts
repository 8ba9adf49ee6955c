import type { Assignor, MemberId } from "./assignor.ts"
import { ownerToBe, type PartitionState, step, subscribers } from "./partition-state.ts"

/** One that has joined, and neither left nor been silent for too long. */
export interface Member {
  /** When it was last heard of. */
  readonly seenMs: number
  /** The newest assignment that it has acted on: it is subscribed to all of that. */
  readonly actedOn: number
  /** Partitions whose channel it has open. */
  readonly holds: ReadonlySet<number>
}

/**
 * A group of consumers. Its generation counts its assignments: it goes up with every change of one, and
 * begins above all that any coordinator before has used, so that what is said of those counts for nothing.
 */
export interface GroupState {
  readonly generation: number
  /** Until then partitions are not shared out, so that all who are coming, or coming back, get theirs. */
  readonly opensMs: number
  readonly members: ReadonlyMap<MemberId, Member>
  readonly partitions: readonly PartitionState[]
}

export type GroupEvent =
  /** A member comes, or comes again having lost all that it held. */
  | { readonly kind: "joined"; readonly member: MemberId }
  /**
   * A member says what it holds to a coordinator that has forgotten it, having been started anew: it keeps
   * of that what nobody else has.
   */
  | {
      readonly kind: "returned"
      readonly member: MemberId
      readonly holds: ReadonlySet<number>
    }
  /**
   * What it has acted on and what it holds. Older than what it has said before, or newer than what there
   * is, it only says that it lives.
   */
  | {
      readonly kind: "heard"
      readonly member: MemberId
      readonly actedOn: number
      readonly holds: ReadonlySet<number>
    }
  /** It has closed all its channels. */
  | { readonly kind: "left"; readonly member: MemberId }
  /** Time has passed. */
  | { readonly kind: "ticked" }

export type GroupEffect =
  /** It was silent for so long that it is taken for dead. */
  | { readonly kind: "expired"; readonly member: MemberId }
  /** It did not drain a partition in time, and is a member no more. */
  | { readonly kind: "fence"; readonly member: MemberId; readonly partition: number }
  /** A partition's owner is another than before, and the one before was not gone. */
  | {
      readonly kind: "handedOver"
      readonly partition: number
      readonly from: MemberId
      readonly to: MemberId
    }

export interface GroupRules {
  readonly assignor: Assignor
  /** A member that is not heard of for so long has expired. */
  readonly sessionTimeoutMs: number
  /** A member that has not drained a partition so long after it was told to is fenced. */
  readonly drainTimeoutMs: number
}

export const emptyGroup = (
  partitions: number,
  opensMs: number,
  generation: number,
): GroupState => ({
  generation,
  opensMs,
  members: new Map(),
  partitions: Array.from({ length: partitions }, () => ({ kind: "free" as const })),
})

/** The partitions that a member is to be subscribed to, ascending. */
export function assignmentOf({ partitions }: GroupState, member: MemberId): readonly number[] {
  return partitions.flatMap((state, index) => (subscribers(state).includes(member) ? [index] : []))
}

/**
 * What becomes of a group when something happens at that time. An event of a member that is not one
 * (any more) changes nothing: it has to join. Pure.
 */
export function transition(
  state: GroupState,
  event: GroupEvent,
  rules: GroupRules,
  nowMs: number,
): { readonly state: GroupState; readonly effects: readonly GroupEffect[] } {
  const members = new Map(state.members)
  note(members, state.generation, event, nowMs)
  const claimed = event.kind === "returned" ? claim(state.partitions, event) : state.partitions
  const effects = [
    ...expire(members, rules.sessionTimeoutMs, nowMs),
    ...fence(members, state.partitions, rules.drainTimeoutMs, nowMs),
  ]
  const partitions = shareOut({ ...state, partitions: claimed }, members, rules.assignor, nowMs)
  for (const [partition, after] of partitions.entries()) {
    const before = state.partitions[partition]!
    if (before.kind !== "revoking" || after.kind !== "owned") continue
    const [from, to] = [before.owner, after.owner]
    if (from !== to && members.has(from)) {
      effects.push({ kind: "handedOver", partition, from, to })
    }
  }
  const isSame = partitions.every((each, index) => each === state.partitions[index])
  const generation = isSame ? state.generation : state.generation + 1
  return { state: { generation, opensMs: state.opensMs, members, partitions }, effects }
}

/** What it holds and nobody has is its own. */
const claim = (
  partitions: readonly PartitionState[],
  { member, holds }: Extract<GroupEvent, { readonly kind: "returned" }>,
): readonly PartitionState[] =>
  partitions.map((each, partition) =>
    each.kind === "free" && holds.has(partition) ? { kind: "owned", owner: member } : each,
  )

function note(
  members: Map<MemberId, Member>,
  generation: number,
  event: GroupEvent,
  nowMs: number,
): void {
  switch (event.kind) {
    case "joined":
      members.set(event.member, { seenMs: nowMs, actedOn: 0, holds: new Set() })
      return
    case "returned":
      // It has acted on nothing of this coordinator's.
      members.set(event.member, { seenMs: nowMs, actedOn: 0, holds: event.holds })
      return
    case "heard": {
      const before = members.get(event.member)
      if (before === undefined) return
      // Newer than all there is: it was said to another coordinator.
      const isStale = event.actedOn < before.actedOn || event.actedOn > generation
      const { actedOn, holds } = isStale ? before : event
      members.set(event.member, { seenMs: nowMs, actedOn, holds })
      return
    }
    case "left":
      members.delete(event.member)
      return
    case "ticked":
      return
  }
}

function expire(members: Map<MemberId, Member>, timeoutMs: number, nowMs: number): GroupEffect[] {
  const expired = [...members].filter(([, { seenMs }]) => nowMs - seenMs >= timeoutMs)
  for (const [member] of expired) members.delete(member)
  return expired.map(([member]) => ({ kind: "expired", member }))
}

function fence(
  members: Map<MemberId, Member>,
  partitions: readonly PartitionState[],
  timeoutMs: number,
  nowMs: number,
): GroupEffect[] {
  return partitions.flatMap((state, partition): GroupEffect[] => {
    if (state.kind !== "revoking" || nowMs - state.sinceMs < timeoutMs) return []
    const owner = members.get(state.owner)
    if (owner === undefined || hasLetGo(owner, partition, state.generation)) return []
    members.delete(state.owner)
    return [{ kind: "fence", member: state.owner, partition }]
  })
}

const hasLetGo = ({ actedOn, holds }: Member, partition: number, generation: number): boolean =>
  actedOn >= generation && !holds.has(partition)

function shareOut(
  { generation, opensMs, partitions }: GroupState,
  members: ReadonlyMap<MemberId, Member>,
  { assign }: Assignor,
  nowMs: number,
): readonly PartitionState[] {
  const isMember = (id: MemberId) => members.has(id)
  const owners = partitions.map(ownerToBe)
  const kept = () => owners.map((owner) => (owner && isMember(owner) ? owner : undefined))
  const targets = nowMs < opensMs ? kept() : assign(owners, [...members.keys()])
  return partitions.map((state, partition) =>
    step(state, targets[partition], {
      isMember,
      hasActedOn: (id, wanted) => (members.get(id)?.actedOn ?? 0) >= wanted,
      hasLetGo(id, wanted) {
        const member = members.get(id)
        return member !== undefined && hasLetGo(member, partition, wanted)
      },
      nextGeneration: generation + 1,
      nowMs,
    }),
  )
}
