import type { Assignor, MemberId } from "./assignor.ts"
import type { GroupEffect, GroupEvent } from "./group-event.ts"
import { type Member, note, noteOwed } from "./member-state.ts"
import { ownerToBe, type PartitionState, step, subscribers } from "./partition-state.ts"

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

export interface GroupRules {
  readonly assignor: Assignor
  /** A member that is not heard of for so long has expired. */
  readonly sessionTimeoutMs: number
  /** A member that has not drained a partition so long after it was told to, or not subscribed, is fenced. */
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

/** One member as people are told of it. */
export interface MemberStatus {
  readonly memberId: MemberId
  readonly heardMsAgo: number
  /** Partitions that it is told to be subscribed to, ascending. */
  readonly assigned: readonly number[]
  /** Those that it has said to be subscribed to, ascending. */
  readonly subscribed: readonly number[]
}

/** The members of a group, by name. */
export const memberStatuses = (state: GroupState, nowMs: number): readonly MemberStatus[] =>
  [...state.members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([memberId, { seenMs, holds }]) => ({
      memberId,
      heardMsAgo: Math.max(0, Math.round(nowMs - seenMs)),
      assigned: assignmentOf(state, memberId),
      subscribed: [...holds].sort((a, b) => a - b),
    }))

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
    ...expire(members, state.partitions, rules.sessionTimeoutMs, nowMs),
    ...fence(members, state.partitions, rules.drainTimeoutMs, nowMs),
  ]
  const partitions = shareOut({ ...state, partitions: claimed }, members, rules.assignor, nowMs)
  noteOwed(members, partitions, nowMs)
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

function expire(
  members: Map<MemberId, Member>,
  partitions: readonly PartitionState[],
  timeoutMs: number,
  nowMs: number,
): GroupEffect[] {
  const expired = [...members].filter(([, { seenMs }]) => nowMs - seenMs >= timeoutMs)
  for (const [member] of expired) members.delete(member)
  return expired.map(([member]) => {
    return { kind: "expired", member, partitions: heldBy(partitions, member) }
  })
}

function fence(
  members: Map<MemberId, Member>,
  partitions: readonly PartitionState[],
  timeoutMs: number,
  nowMs: number,
): GroupEffect[] {
  const late = new Map<MemberId, { partition: number; why: "undrained" | "unsubscribed" }>()
  for (const [id, { owes }] of members) {
    const owed = [...owes].find(([, sinceMs]) => nowMs - sinceMs >= timeoutMs)
    if (owed !== undefined) late.set(id, { partition: owed[0], why: "unsubscribed" })
  }
  for (const [partition, state] of partitions.entries()) {
    if (state.kind !== "revoking" || nowMs - state.sinceMs < timeoutMs) continue
    const owner = members.get(state.owner)
    if (owner === undefined || hasLetGo(owner, partition, state.generation)) continue
    late.set(state.owner, { partition, why: "undrained" })
  }
  for (const member of late.keys()) members.delete(member)
  return [...late].map(([member, over]) => {
    return { kind: "fence", member, ...over, partitions: heldBy(partitions, member) }
  })
}

/** Those that it was told to be subscribed to, whether it is or not, and those that it is to drain. */
const heldBy = (partitions: readonly PartitionState[], member: MemberId): number[] =>
  partitions.flatMap((state, partition) => {
    const isDraining = state.kind === "revoking" && state.owner === member
    return isDraining || subscribers(state).includes(member) ? [partition] : []
  })

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
  const staying = [...members].filter(([, { isLeaving }]) => !isLeaving).map(([id]) => id)
  const targets = nowMs < opensMs ? kept() : assign(owners, staying)
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
