import type { Delivery } from "../broker/content-reader.ts"
import { decodeField } from "../wire/field.ts"
import { findHeader } from "../wire/headers.ts"
import { encodeProperties } from "../wire/properties.ts"
import { type QueueType, sentProperties } from "../wire/redelivery.ts"

const header = "x-partymq-parking-marker"
const headerBytes = new TextEncoder().encode(header)

/** The properties of a message that shows, once it comes, that all before it in its queue has come. */
export const markerProperties = (id: string): Uint8Array =>
  encodeProperties({ deliveryMode: 2, headers: [[header, id]] })

/** The id of a marker, whoever wrote it; `undefined` for a producer's message, whatever it looks like. */
export function markerOf(delivery: Delivery, queueType: QueueType | undefined): string | undefined {
  if (delivery.body.length > 0) return undefined
  const properties = sentProperties(delivery, queueType)
  const found = findHeader(properties, headerBytes)
  const id = found === undefined ? undefined : decodeField(properties, found)
  if (typeof id !== "string") return undefined
  return Buffer.compare(properties, markerProperties(id)) === 0 ? id : undefined
}
