import type { Assignor, MemberId, Owners } from "./assignor.ts"

/**
 * Leaves partitions where they are as far as balance allows. With P partitions and M members each gets
 * P / M rounded down, and P mod M of them get one more; it is those that have the most, because one more
 * saves a move only for a member that has one too many. So P minus the sum of min(had, allowed) is the
 * smallest number of moves that any balanced assignment needs.
 */
export const sticky: Assignor = {
  guarantees: { balanced: true, fewestMoves: true },
  assign(owners, members) {
    if (members.length === 0) return owners.map(() => undefined)
    const room = roomByMember(owners, members)
    const kept = owners.map((owner) => (take(room, owner) ? owner : undefined))
    const receivers = [...room].flatMap(([member, left]) => Array<MemberId>(left).fill(member))
    return kept.map((owner) => owner ?? receivers.shift())
  },
}

/** How many partitions each member is to have, those first that have the most. */
function roomByMember(owners: Owners, members: readonly MemberId[]): Map<MemberId, number> {
  const had = new Map(members.map((member) => [member, 0]))
  for (const owner of owners) {
    const count = owner === undefined ? undefined : had.get(owner)
    if (count !== undefined) had.set(owner!, count + 1)
  }
  const ordered = [...members].sort((a, b) => had.get(b)! - had.get(a)! || (a < b ? -1 : 1))
  const each = Math.floor(owners.length / members.length)
  const more = owners.length % members.length
  return new Map(ordered.map((member, index) => [member, index < more ? each + 1 : each]))
}

/** Takes one of a member's places, if it has any left. */
function take(room: Map<MemberId, number>, member: MemberId | undefined): boolean {
  const left = member === undefined ? 0 : (room.get(member) ?? 0)
  if (left === 0) return false
  room.set(member!, left - 1)
  return true
}
