import type { ClientsEffect } from "../../core/clients/clients-event.ts"

/** What has happened since the start, and how things stand. */
export interface ClientCounts {
  readonly clients: { readonly [phase in "bound" | "ready" | "gone"]: number }
  readonly held: number
  readonly forwarded: number
  readonly rerouted: number
  readonly expired: number
  /** Messages that stayed in queues of clients that have gone: the broker takes them nowhere. */
  readonly left: number
  /** What stands still until somebody does something about it. */
  readonly problems: number
  readonly moved: { readonly [how in MovedHow]: number }
}
type MovedHow = Extract<ClientsEffect, { readonly kind: "moved" }>["how"]
