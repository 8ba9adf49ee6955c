import { bounds } from "../core/bounds.ts"
import type { HeaderValue } from "../core/message.ts"
import { decodeTable, viewOf } from "../wire/field.ts"
import { method } from "../wire/frames.ts"

export type ServerProperties = { readonly [name: string]: HeaderValue }

/**
 * What a connection.start tells of the broker, of any method's payload.
 * @returns `undefined` for another method
 */
export function readServerProperties(payload: Uint8Array): ServerProperties | undefined {
  const view = viewOf(payload)
  if (view.getUint32(0) !== method.connectionStart) return undefined
  const entriesAt = serverPropertiesAt + 4
  return decodeTable(payload, entriesAt, entriesAt + view.getUint32(serverPropertiesAt))
}

/**
 * Makes a connection.tune offer no larger frames than are wanted. The client takes 0, which is no limit,
 * for a limit of 0, and would ask for the size of its own receive buffer.
 */
export function limitOfferedFrames(payload: Uint8Array): void {
  const view = viewOf(payload)
  if (view.getUint32(0) !== method.connectionTune) return
  const offered = view.getUint32(frameMaxAt) || bounds.frameBytesMax
  view.setUint32(frameMaxAt, Math.min(offered, bounds.frameBytesMax))
}

/** In connection.start: behind class, method and the protocol's version. */
const serverPropertiesAt = 6
/** In connection.tune: behind class, method and channel-max. */
const frameMaxAt = 6
