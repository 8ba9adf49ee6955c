import type { ClientId } from "./client-partition.ts"
import type { ClientsState } from "./clients-state.ts"

/** Whom a partition is forwarded to just now; nobody, while it is held. */
export function forwardedTo(state: ClientsState, partition: number): ClientId | undefined {
  const at = state.partitions[partition]
  if (at?.kind !== "owned") return undefined
  const client = state.clients.get(at.owner)
  const isPaused = client?.pause !== undefined && client.pause.resumedMs === undefined
  return client?.phase === "ready" && !isPaused ? at.owner : undefined
}

/** Whose queues are to be looked at: something waits for them to be empty. */
export function watched(state: ClientsState): readonly ClientId[] {
  const waited = state.partitions.flatMap((each) =>
    each.kind === "draining" && each.stoppedMs !== undefined ? [each.from] : [],
  )
  const owing = [...state.clients].flatMap(([id, { phase, owes, front }]) =>
    (owes && phase === "gone") || front !== undefined ? [id] : [],
  )
  return [...new Set([...waited, ...owing])].filter((id) => !state.reclaims.has(id))
}

/** Partitions that nothing is forwarded of, although there are clients. */
export const heldPartitions = ({ partitions }: ClientsState): number =>
  partitions.filter(({ kind }) => kind === "draining" || kind === "reclaiming").length

/**
 * Whether a part of what a client has left in its queue stands in a front, and the rest does not: it may
 * not come back before that is over, or it would get the rest first.
 */
export const isBeingTakenBack = ({ reclaims, clients }: ClientsState, client: ClientId): boolean =>
  reclaims.has(client) || clients.get(client)?.front !== undefined
