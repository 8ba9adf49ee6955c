import type { MemberId } from "./assignor.ts"

/**
 * How one partition is had, and how it is handed over. The queue itself makes sure that there is one
 * consumer at a time (Single Active Consumer); this decides who is subscribed to it, so that the next one
 * is there before the last one goes, and takes over in the broker's own order:
 *
 * 1. `owned` → `offered`: the heir is told to subscribe. It is a standby: the owner is active.
 * 2. `offered` → `revoking`: the heir has said that it is subscribed; the owner is told to drain, which is
 *    to start nothing new, to finish and ack what it has, and to close the channel.
 * 3. `revoking` → `owned` by the heir: the owner has said that its channel is closed.
 *
 * A member that is gone leaves at once: the broker has made the standby active, or will.
 */
export type PartitionState =
  /** There are no members, or partitions are not shared out yet. */
  | { readonly kind: "free" }
  | { readonly kind: "owned"; readonly owner: MemberId }
  | {
      readonly kind: "offered"
      readonly owner: MemberId
      readonly heir: MemberId
      /** The heir is subscribed once it has acted on this generation. */
      readonly generation: number
    }
  | {
      readonly kind: "revoking"
      readonly owner: MemberId
      readonly heir: MemberId
      /** The owner knows once it has acted on this generation. */
      readonly generation: number
      readonly sinceMs: number
    }

/** Who is to be subscribed to it: two during a hand-over, in the order in which they are to be active. */
export function subscribers(state: PartitionState): readonly MemberId[] {
  switch (state.kind) {
    case "free":
      return []
    case "owned":
      return [state.owner]
    case "offered":
      return [state.owner, state.heir]
    case "revoking":
      return [state.heir]
  }
}

/** Whose it counts as when partitions are shared out: what is being revoked is not given back. */
export function ownerToBe(state: PartitionState): MemberId | undefined {
  switch (state.kind) {
    case "free":
      return undefined
    case "owned":
    case "offered":
      return state.owner
    case "revoking":
      return state.heir
  }
}

/** What is known of the members when a partition takes its next step. */
export interface MemberView {
  readonly isMember: (id: MemberId) => boolean
  /** It has said so of this generation, or a later one. */
  readonly hasActedOn: (id: MemberId, generation: number) => boolean
  /** It has acted on this generation, or a later one, and its channel is closed. */
  readonly hasLetGo: (id: MemberId, generation: number) => boolean
  /** The generation that this step would be part of. */
  readonly nextGeneration: number
  readonly nowMs: number
}

/** The state after what has happened, when `target` is to have it; the same object if nothing changes. */
export function step(
  state: PartitionState,
  target: MemberId | undefined,
  members: MemberView,
): PartitionState {
  if (target === undefined) return state.kind === "free" ? state : { kind: "free" }
  if (state.kind === "free" || !members.isMember(state.owner)) return ownedBy(target)
  if (state.kind === "revoking") return stepOfRevoking(state, target, members)
  const { owner } = state
  if (target === owner) return state.kind === "owned" ? state : ownedBy(owner)
  const { nextGeneration: generation, nowMs: sinceMs } = members
  if (state.kind === "owned" || state.heir !== target) {
    return { kind: "offered", owner, heir: target, generation }
  }
  if (!members.hasActedOn(target, state.generation)) return state
  return { kind: "revoking", owner, heir: target, generation, sinceMs }
}

type Revoking = Extract<PartitionState, { readonly kind: "revoking" }>

/** It cannot be taken back: the owner may have closed its channel by now. */
function stepOfRevoking(state: Revoking, target: MemberId, members: MemberView): PartitionState {
  const { owner, generation } = state
  if (target === owner) return ownedBy(owner)
  if (members.hasLetGo(owner, generation)) return ownedBy(target)
  return state.heir === target ? state : { ...state, heir: target }
}

const ownedBy = (owner: MemberId): PartitionState => ({ kind: "owned", owner })
