import { isEmptied, isLeftBehind } from "./client.ts"
import { type ClientPartition, holderOf, ownedBy } from "./client-partition.ts"
import type { ClientsEffect, ClientsEvent } from "./clients-event.ts"
import type { ClientsRules, ClientsState } from "./clients-state.ts"

/** What an event says of the partitions that are being handed over. */
export function notePartitions(
  state: ClientsState,
  event: ClientsEvent,
  rules: ClientsRules,
  nowMs: number,
  effects: ClientsEffect[],
): ClientsState {
  switch (event.kind) {
    case "stopped": {
      const stopped = new Set(event.partitions)
      return mapPartitions(state, (partition, index) =>
        partition.kind === "draining" && stopped.has(index) && !partition.stoppedMs
          ? { ...partition, stoppedMs: nowMs }
          : partition,
      )
    }
    case "frontEmptied": {
      const fronts = state.fronts.map((each, index) =>
        index === event.partition ? each.filter((front) => front !== event.front) : each,
      )
      return { ...state, fronts }
    }
    case "looked":
      return noteSight(state, event, rules, nowMs, effects)
    case "reclaimed":
    case "interrupted":
      return endReclaim(state, event, nowMs, effects)
    default:
      return state
  }
}

function noteSight(
  state: ClientsState,
  { client, sight, asOfMs }: Extract<ClientsEvent, { readonly kind: "looked" }>,
  { expiryMs }: ClientsRules,
  nowMs: number,
  effects: ClientsEffect[],
): ClientsState {
  const known = state.clients.get(client)
  if (known === undefined || state.reclaims.has(client)) return state
  // One whose binding is lost gets nothing more, and may have no queue at all. And one that has come back
  // and is not ready for as long may never be.
  const isIdle = known.phase === "bound" && nowMs - known.sinceMs >= expiryMs
  const isGone = known.phase === "gone" || known.lostBinding || isIdle
  const stopped = (partition: ClientPartition) =>
    partition.kind === "draining" &&
    partition.from === client &&
    partition.stoppedMs !== undefined &&
    partition.stoppedMs <= asOfMs
  const isUnseen = sight.kind === "unknown" && isGone
  if (isEmptied(sight) || isUnseen) {
    return mapPartitions(state, (partition, index) => {
      if (partition.kind !== "draining" || !stopped(partition)) return partition
      const how = isUnseen ? "unseen" : "drained"
      effects.push({ kind: "moved", partition: index, from: client, to: partition.to, how })
      return ownedBy(partition.to)
    })
  }
  const { queue } = known
  const hasTaker = [...state.clients.values()].some(({ phase }) => phase === "ready")
  const held = state.partitions.filter((partition) => holderOf(partition) === client)
  // It may not come back before what was begun is over, so that does not wait for another to come.
  const isWanted = hasTaker || known.front !== undefined
  const isToBeReclaimed = isGone && isLeftBehind(sight) && isWanted && held.every(stopped)
  if (!isToBeReclaimed || queue === undefined || (held.length === 0 && !known.owes)) return state
  // What is left comes behind what has been taken back already.
  const front = known.front ?? state.nextFront
  const isHeld = (index: number) => holderOf(state.partitions[index]!) === client
  return {
    ...mapPartitions(state, (partition) =>
      partition.kind === "draining" && partition.from === client
        ? { kind: "reclaiming", from: client, to: partition.to }
        : partition,
    ),
    fronts: state.fronts.map((each, index) =>
      isHeld(index) && !each.includes(front) ? [front, ...each] : each,
    ),
    reclaims: new Map(state.reclaims).set(client, { queue, front }),
    nextFront: Math.max(state.nextFront, front + 1),
  }
}

function endReclaim(
  state: ClientsState,
  event: Extract<ClientsEvent, { readonly kind: "reclaimed" | "interrupted" }>,
  nowMs: number,
  effects: ClientsEffect[],
): ClientsState {
  const { client } = event
  const reclaims = new Map(state.reclaims)
  const reclaim = reclaims.get(client)
  if (reclaim === undefined) return state
  reclaims.delete(client)
  const ended = mapPartitions(state, (partition, index) => {
    if (partition.kind !== "reclaiming" || partition.from !== client) return partition
    const { from, to } = partition
    if (event.kind === "interrupted") {
      return { kind: "draining", from, to, sinceMs: nowMs, stoppedMs: nowMs }
    }
    effects.push({ kind: "moved", partition: index, from, to, how: "reclaimed" })
    return ownedBy(to)
  })
  const known = state.clients.get(client)
  if (event.kind !== "interrupted" || known === undefined) return { ...ended, reclaims }
  const clients = new Map(ended.clients).set(client, { ...known, front: reclaim.front })
  return { ...ended, clients, reclaims }
}

export function mapPartitions(
  state: ClientsState,
  change: (partition: ClientPartition, index: number) => ClientPartition,
): ClientsState {
  const partitions = state.partitions.map(change)
  const isSame = partitions.every((each, index) => each === state.partitions[index])
  return isSame ? state : { ...state, partitions }
}
