import { bounds } from "./core/bounds.ts"
import type { HeaderValue } from "./core/message.ts"
import { messageView } from "./core/message-view.ts"
import { shownKey } from "./shown-key.ts"
import { decodeTable } from "./wire/field.ts"
import { headerEntries } from "./wire/headers.ts"

/** A message as the commands print it, as JSON. */
export interface ShownMessage {
  readonly headers: { readonly [name: string]: unknown }
  readonly contentType?: string
  readonly id?: string
  /** The body where it is UTF-8 text; else `bodyBase64`. */
  readonly body?: string
  readonly bodyBase64?: string
}

export function shownMessage(message: {
  readonly properties: Uint8Array
  readonly body: Uint8Array
}): ShownMessage {
  const { contentType, messageId } = messageView(message.properties, message.body).properties
  const { value, encoding } = shownKey(message.body)
  return {
    headers: headersOf(message.properties),
    ...(contentType === undefined ? {} : { contentType }),
    ...(messageId === undefined ? {} : { id: messageId }),
    ...(encoding === "utf-8" ? { body: value } : { bodyBase64: value }),
  }
}

function headersOf(properties: Uint8Array): { readonly [name: string]: unknown } {
  const entries = headerEntries(properties)
  if (entries === undefined) return {}
  const table = decodeTable(properties, entries.start, entries.end)
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, json(value)]))
}

/**
 * What JSON cannot say becomes text: 64-bit integers their digits, bytes base64. What is nested more
 * deeply than others can be expected to read is left out.
 */
function json(value: HeaderValue, depth = 1): unknown {
  if (typeof value === "bigint") return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64")
  if (value instanceof Date || value === null || typeof value !== "object") return value
  if (depth > bounds.shownHeaderDepthMax) return null
  if (Array.isArray(value)) return value.map((each) => json(each, depth + 1))
  const entries = Object.entries(value).map(([name, each]) => [name, json(each, depth + 1)])
  return Object.fromEntries(entries)
}
