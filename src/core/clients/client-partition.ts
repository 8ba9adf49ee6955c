/** A client's host name. */
export type ClientId = string

/** Where a partition of a client-bound group stands. `draining` and `reclaiming` are held: nothing is forwarded. */
export type ClientPartition =
  /** No client has ever had it. */
  | { readonly kind: "free" }
  /** Forwarded to its owner, while that is ready. */
  | { readonly kind: "owned"; readonly owner: ClientId }
  /** Held until the queue of its former owner has nothing of it left. */
  | {
      readonly kind: "draining"
      readonly from: ClientId
      readonly to: ClientId
      readonly sinceMs: number
      /** From then on nothing of it was under way to its former owner. */
      readonly stoppedMs: number | undefined
    }
  /** PartyMQ takes back what its former owner has left in its queue. */
  | { readonly kind: "reclaiming"; readonly from: ClientId; readonly to: ClientId }

export const ownedBy = (owner: ClientId): ClientPartition => ({ kind: "owned", owner })

/** Whose it counts as when partitions are shared out. */
export function ownerToBe(partition: ClientPartition): ClientId | undefined {
  switch (partition.kind) {
    case "free":
      return undefined
    case "owned":
      return partition.owner
    case "draining":
    case "reclaiming":
      return partition.to
  }
}

/** In whose queue there may be messages of it. */
export function holderOf(partition: ClientPartition): ClientId | undefined {
  if (partition.kind === "free") return undefined
  return partition.kind === "owned" ? partition.owner : partition.from
}

/** The state once `target` is to have it. What a former owner has to drain, it may also keep. */
export function aimAt(
  partition: ClientPartition,
  target: ClientId | undefined,
  nowMs: number,
): ClientPartition {
  if (target === undefined || target === ownerToBe(partition)) return partition
  switch (partition.kind) {
    case "free":
      return ownedBy(target)
    case "owned":
      return {
        kind: "draining",
        from: partition.owner,
        to: target,
        sinceMs: nowMs,
        stoppedMs: undefined,
      }
    case "draining":
      return target === partition.from ? ownedBy(target) : { ...partition, to: target }
    case "reclaiming":
      return { ...partition, to: target }
  }
}
