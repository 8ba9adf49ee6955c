import type { ClientsEffect } from "../../core/clients/clients-event.ts"
import type { Log } from "../../log.ts"

/** Logs what became of a client, or of a partition. */
export function sayEffect(log: Log, names: object, effect: ClientsEffect): void {
  if (effect.kind === "expired") {
    log.warn({ ...names, client: effect.client }, "a client was not heard of for too long")
    return
  }
  const { partition, from, to, how } = effect
  const fields = { ...names, partition, from, to, how }
  if (how === "drained" || how === "reclaimed") log.info(fields, "a partition has moved")
  else log.warn(fields, "a partition has moved, and its former client may have some of it left")
}
