import type { Client } from "./client.ts"
import { type ClientPartition, holderOf, ownerToBe } from "./client-partition.ts"
import type { ClientsState, Reclaim } from "./clients-state.ts"

/** What of a group has to survive: who has which partition, and where its messages may be. */
export interface ClientsSnapshot {
  readonly nextFront: number
  readonly clients: readonly {
    readonly id: string
    readonly phase: Client["phase"]
    readonly queue?: string
    readonly owes: boolean
    readonly lostBinding: boolean
    readonly front?: number
  }[]
  readonly partitions: readonly {
    readonly kind: ClientPartition["kind"]
    readonly from?: string
    readonly to?: string
    readonly fronts: readonly number[]
  }[]
  readonly reclaims: readonly (Reclaim & { readonly client: string })[]
}

export function snapshotOf(state: ClientsState): ClientsSnapshot {
  return {
    nextFront: state.nextFront,
    clients: [...state.clients].map(([id, { phase, queue, owes, lostBinding, front }]) => ({
      ...{ id, phase, owes, lostBinding },
      ...(queue !== undefined && { queue }),
      ...(front !== undefined && { front }),
    })),
    partitions: state.partitions.map((partition, index) => {
      const [from, to] = [holderOf(partition), ownerToBe(partition)]
      const ends = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
      return { kind: partition.kind, ...ends, fronts: state.fronts[index]! }
    }),
    reclaims: [...state.reclaims].map(([client, reclaim]) => ({ client, ...reclaim })),
  }
}

/** Goes on from a snapshot: clients have all the time to be heard of again. */
export function restored(snapshot: ClientsSnapshot, nowMs: number): ClientsState {
  const clients = snapshot.clients.map(({ id, ...client }) => {
    return [id, { ...client, sinceMs: nowMs, seenMs: nowMs }] as const
  })
  const isShared = snapshot.partitions.some(({ kind }) => kind !== "free")
  return {
    clients: new Map(clients),
    partitions: snapshot.partitions.map(({ kind, from, to }): ClientPartition => {
      if (from === undefined || to === undefined) return { kind: "free" }
      if (kind === "reclaiming") return { kind, from, to }
      if (kind !== "draining") return { kind: "owned", owner: to }
      return { kind, from, to, sinceMs: nowMs, stoppedMs: undefined }
    }),
    fronts: snapshot.partitions.map(({ fronts }) => fronts),
    reclaims: new Map(snapshot.reclaims.map(({ client, ...reclaim }) => [client, reclaim])),
    nextFront: snapshot.nextFront,
    firstMs: isShared ? nowMs : undefined,
    opensMs: isShared ? nowMs : undefined,
  }
}
