/** Names a member of a group; unique within it. */
export type MemberId = string

/** Who has each partition, by partition; `undefined` for one that nobody has. */
export type Owners = readonly (MemberId | undefined)[]

/**
 * Decides which member gets which partitions. Pure: the same arguments give the same answer, in whatever
 * order the members are named.
 */
export interface Assignor {
  readonly guarantees: {
    /** What members have differs by one partition at most. */
    readonly balanced: boolean
    /** No other balanced assignment would move fewer partitions. */
    readonly fewestMoves: boolean
  }
  /**
   * @param owners who has them now: members that are gone, perhaps, or nobody
   * @param members those that there are; none twice
   * @returns an owner for every partition; nobody only where there are no members
   */
  readonly assign: (owners: Owners, members: readonly MemberId[]) => Owners
}
