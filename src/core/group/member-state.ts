import type { MemberId } from "./assignor.ts"
import type { GroupEvent } from "./group-event.ts"
import { type PartitionState, subscribers } from "./partition-state.ts"

/** One that has joined, and neither left nor been silent for too long. */
export interface Member {
  /** When it was last heard of. */
  readonly seenMs: number
  /** The newest assignment that it has acted on: it is subscribed to all of that. */
  readonly actedOn: number
  /** Partitions whose channel it has open. */
  readonly holds: ReadonlySet<number>
  /** It is to have nothing, as soon as there are others. */
  readonly isLeaving: boolean
  /** Those that it is told to be subscribed to and is not, with the time since which that is so. */
  readonly owes: ReadonlyMap<number, number>
}

const fresh = { isLeaving: false, owes: new Map<number, number>() }

/** What an event says of the members. */
export function note(
  members: Map<MemberId, Member>,
  generation: number,
  event: GroupEvent,
  nowMs: number,
): void {
  switch (event.kind) {
    case "joined":
      members.set(event.member, { seenMs: nowMs, actedOn: 0, holds: new Set(), ...fresh })
      return
    case "returned":
      // It has acted on nothing of this coordinator's.
      members.set(event.member, { seenMs: nowMs, actedOn: 0, holds: event.holds, ...fresh })
      return
    case "heard": {
      const before = members.get(event.member)
      if (before === undefined) return
      // Newer than all there is: it was said to another coordinator.
      const isStale = event.actedOn < before.actedOn || event.actedOn > generation
      const { actedOn, holds } = isStale ? before : event
      const owes = new Map([...before.owes].filter(([partition]) => !holds.has(partition)))
      const isLeaving = before.isLeaving || event.isLeaving === true
      members.set(event.member, { seenMs: nowMs, actedOn, holds, isLeaving, owes })
      return
    }
    case "left":
      members.delete(event.member)
      return
    case "ticked":
      return
  }
}

/** Notes what members are told to be subscribed to and are not. */
export function noteOwed(
  members: Map<MemberId, Member>,
  partitions: readonly PartitionState[],
  nowMs: number,
): void {
  const owed = new Map<MemberId, Map<number, number>>()
  for (const [partition, state] of partitions.entries()) {
    for (const id of subscribers(state)) {
      const member = members.get(id)
      if (member === undefined || member.holds.has(partition)) continue
      const owes = owed.get(id) ?? new Map<number, number>()
      owed.set(id, owes.set(partition, member.owes.get(partition) ?? nowMs))
    }
  }
  for (const [id, member] of members) {
    const owes = owed.get(id) ?? noneOwed
    if (owes.size > 0 || member.owes.size > 0) members.set(id, { ...member, owes })
  }
}

const noneOwed: ReadonlyMap<number, number> = new Map()
