import { bounds } from "./core/bounds.ts"
import type { HeaderValue, MessageProperties } from "./core/message.ts"
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
  const { properties } = messageView(message.properties, message.body)
  return shownContent({ headers: headersOf(message.properties), properties, body: message.body })
}

/** The same of a message that is decoded already. */
export function shownContent(message: {
  readonly headers: { readonly [name: string]: HeaderValue }
  readonly properties: Pick<MessageProperties, "contentType" | "messageId">
  readonly body: Uint8Array
}): ShownMessage {
  const { contentType, messageId } = message.properties
  const { value, encoding } = shownKey(message.body)
  const headers = Object.entries(message.headers).map(([name, each]) => [name, json(each)])
  return {
    headers: Object.fromEntries(headers),
    ...(contentType === undefined ? {} : { contentType }),
    ...(messageId === undefined ? {} : { id: messageId }),
    ...(encoding === "utf-8" ? { body: value } : { bodyBase64: value }),
  }
}

function headersOf(properties: Uint8Array): { readonly [name: string]: HeaderValue } {
  const entries = headerEntries(properties)
  return entries === undefined ? {} : decodeTable(properties, entries.start, entries.end)
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
