import type { Assignor } from "../group/assignor.ts"
import { type Client, pausedLater } from "./client.ts"
import {
  aimAt,
  type ClientId,
  type ClientPartition,
  holderOf,
  ownedBy,
  ownerToBe,
} from "./client-partition.ts"
import type { ClientsEffect, ClientsEvent } from "./clients-event.ts"
import { mapPartitions, notePartitions } from "./clients-hand-over.ts"
import { expire, noteClient } from "./clients-note.ts"

/** PartyMQ empties a queue that was left behind into one front for each partition. */
export interface Reclaim {
  readonly queue: string
  readonly front: number
}

/** The clients of a client-bound group, and what each of them is forwarded. */
export interface ClientsState {
  readonly clients: ReadonlyMap<ClientId, Client>
  readonly partitions: readonly ClientPartition[]
  /** By partition: numbers of the queues that come before the partition queue, in that order. */
  readonly fronts: readonly (readonly number[])[]
  readonly reclaims: ReadonlyMap<ClientId, Reclaim>
  readonly nextFront: number
  /** When the first client was ready, and when partitions are shared out for the first time. */
  readonly firstMs: number | undefined
  readonly opensMs: number | undefined
}

export interface ClientsRules {
  readonly assignor: Assignor
  readonly expiryMs: number
  /** After the first client was ready it is waited so long for others, anew with each, up to the maximum. */
  readonly initialDelayMs: number
  readonly initialDelayMaxMs: number
  /** A client that has gone keeps its partitions for so long, should it come back. */
  readonly returnMs: number
  readonly onHandOverTimeout: "wait" | "proceed"
  readonly handOverTimeoutMs: number
  /** A queue that does not get shorter for so long is not waited for by what stays with its client. */
  readonly stuckMs: number
}

export const noClients = (partitions: number): ClientsState => ({
  clients: new Map(),
  partitions: Array.from({ length: partitions }, () => ({ kind: "free" as const })),
  fronts: Array.from({ length: partitions }, () => []),
  reclaims: new Map(),
  nextFront: 1,
  firstMs: undefined,
  opensMs: undefined,
})

/** What becomes of the group when something happens at that time. Pure. */
export function transition(
  state: ClientsState,
  event: ClientsEvent,
  rules: ClientsRules,
  nowMs: number,
): { readonly state: ClientsState; readonly effects: readonly ClientsEffect[] } {
  const effects: ClientsEffect[] = []
  const heard = noteTimes(noteClient(state, event, nowMs), event, rules, nowMs)
  const known = event.kind === "checked" ? expire(heard, rules, nowMs, effects) : heard
  const happened = notePartitions(known, event, rules, nowMs, effects)
  const aimed = shareOut(happened, rules, nowMs)
  const late = rules.onHandOverTimeout === "proceed" ? proceed(aimed, rules, nowMs, effects) : aimed
  return { state: tidy(late, rules, nowMs), effects }
}

/** The first sharing out waits until those who start together are all there. */
function noteTimes(
  state: ClientsState,
  event: ClientsEvent,
  { initialDelayMs, initialDelayMaxMs }: ClientsRules,
  nowMs: number,
): ClientsState {
  const { opensMs } = state
  const isReady = ({ phase }: Client) => phase === "ready"
  // A restart may fall into that time.
  const isRestored = opensMs === undefined && [...state.clients.values()].some(isReady)
  const client = event.kind === "ready" ? state.clients.get(event.client) : undefined
  if (client?.phase !== "ready" && !isRestored) return state
  if (opensMs !== undefined && nowMs >= opensMs) return state
  const firstMs = state.firstMs ?? nowMs
  const delayedMs = Math.min(nowMs + initialDelayMs, firstMs + initialDelayMaxMs)
  return { ...state, firstMs, opensMs: Math.max(opensMs ?? 0, delayedMs) }
}

function shareOut(
  state: ClientsState,
  { assignor, returnMs }: ClientsRules,
  nowMs: number,
): ClientsState {
  const { clients, opensMs } = state
  const isReady = (id: ClientId) => clients.get(id)?.phase === "ready"
  const owners = state.partitions.map(ownerToBe)
  if (opensMs === undefined || nowMs < opensMs || ![...clients.keys()].some(isReady)) return state
  const mayReturn = (id: ClientId) => {
    const { sinceMs } = clients.get(id)!
    return nowMs - sinceMs < returnMs && owners.includes(id)
  }
  const takers = [...clients.keys()].filter((id) => isReady(id) || mayReturn(id))
  const targets = assignor.assign(owners, takers)
  return mapPartitions(state, (partition, index) => aimAt(partition, targets[index], nowMs))
}

/** Where the policy says so, what a client does not drain in time goes on without it. */
function proceed(
  state: ClientsState,
  { handOverTimeoutMs }: ClientsRules,
  nowMs: number,
  effects: ClientsEffect[],
): ClientsState {
  const owing = new Set<ClientId>()
  const after = mapPartitions(state, (partition, index) => {
    if (partition.kind !== "draining" || partition.stoppedMs === undefined) return partition
    const { from, to, sinceMs } = partition
    if (nowMs - sinceMs < handOverTimeoutMs) return partition
    owing.add(from)
    effects.push({ kind: "moved", partition: index, from, to, how: "proceeded" })
    return ownedBy(to)
  })
  if (owing.size === 0) return state
  const clients = new Map(state.clients)
  for (const id of owing) {
    const client = clients.get(id)
    if (client !== undefined) clients.set(id, { ...client, owes: true })
  }
  return { ...after, clients }
}

/** Ends pauses that have no reason, and forgets clients that have gone and left nothing. */
function tidy(state: ClientsState, rules: ClientsRules, nowMs: number): ClientsState {
  const { partitions } = state
  const drains = new Set(partitions.flatMap((each) => (each.kind === "draining" ? each.from : [])))
  const named = new Set(partitions.flatMap((each) => [ownerToBe(each), holderOf(each)]))
  const clients = new Map(state.clients)
  for (const [id, client] of state.clients) {
    const { pause, ...rest } = client
    if (pause !== undefined) {
      const later = pausedLater(pause, rules.stuckMs, nowMs)
      clients.set(id, drains.has(id) ? { ...rest, pause: later } : rest)
    }
    const isNeeded = named.has(id) || state.reclaims.has(id) || client.owes
    const isLong = nowMs - client.sinceMs >= rules.returnMs
    if (client.phase === "gone" && !isNeeded && isLong) clients.delete(id)
  }
  return { ...state, clients }
}
