import { type Client, isEmptied, pausedAfter } from "./client.ts"
import type { ClientId } from "./client-partition.ts"
import type { ClientsEffect, ClientsEvent } from "./clients-event.ts"
import type { ClientsRules, ClientsState } from "./clients-state.ts"

/** What an event says of its client. */
export function noteClient(state: ClientsState, event: ClientsEvent, nowMs: number): ClientsState {
  if (!("client" in event)) return state
  const before = state.clients.get(event.client)
  const after = clientAfter(before, event, nowMs)
  if (after === before || after === undefined) return state
  return { ...state, clients: new Map(state.clients).set(event.client, after) }
}

function clientAfter(
  before: Client | undefined,
  event: Extract<ClientsEvent, { readonly client: ClientId }>,
  nowMs: number,
): Client | undefined {
  const queue = ("queue" in event ? event.queue : undefined) ?? before?.queue
  const named = queue === undefined ? {} : { queue }
  const phase = (which: Client["phase"], changes: Partial<Client> = {}): Client => ({
    ...{ lostBinding: false, owes: false, seenMs: nowMs },
    ...before,
    ...named,
    ...(before?.phase === which ? {} : { phase: which, sinceMs: nowMs }),
    ...changes,
    ...{ phase: which, sinceMs: before?.phase === which ? before.sinceMs : nowMs },
  })
  switch (event.kind) {
    case "bound": {
      // One that was ready and binds again has the same queue, or its messages will come back.
      const which = before?.phase === "ready" ? "ready" : "bound"
      return phase(which, { seenMs: nowMs })
    }
    case "ready":
      if (before === undefined || before.phase === "gone") return before
      return phase("ready", { seenMs: nowMs, lostBinding: false })
    case "heard":
      if (before === undefined || before.phase === "gone") return before
      return { ...before, seenMs: nowMs }
    case "unbound":
      return before === undefined ? undefined : phase("gone")
    case "returned":
      return before?.phase === "ready" ? phase("bound", { lostBinding: true }) : before
    case "looked": {
      if (before === undefined) return undefined
      const owes = before.owes && !isEmptied(event.sight)
      const pause = pausedAfter(before.pause, event.sight, nowMs)
      const after = { ...before, ...named, owes, ...(pause && { pause }) }
      // Whoever came between has emptied it.
      const isOver = isEmptied(event.sight) || event.sight.kind === "unknown"
      return isOver ? withoutFront(after) : after
    }
    case "reclaimed":
      return before && withoutFront({ ...before, owes: false })
    case "interrupted":
      return before
  }
}

function withoutFront({ front: _, ...client }: Client): Client {
  return client
}

/** Clients that were silent for too long have gone. */
export function expire(
  state: ClientsState,
  { expiryMs }: ClientsRules,
  nowMs: number,
  effects: ClientsEffect[],
): ClientsState {
  const silent = [...state.clients].filter(
    ([, { phase, seenMs }]) => phase !== "gone" && nowMs - seenMs >= expiryMs,
  )
  if (silent.length === 0) return state
  const clients = new Map(state.clients)
  for (const [id, client] of silent) {
    clients.set(id, { ...client, phase: "gone", sinceMs: nowMs })
    effects.push({ kind: "expired", client: id })
  }
  return { ...state, clients }
}
