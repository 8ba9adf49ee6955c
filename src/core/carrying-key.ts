import { appendHeaders } from "../wire/headers.ts"
import { givenKeyHeader } from "./given-key.ts"
import { messageView } from "./message-view.ts"
import type { Incoming } from "./outcome.ts"

const text = new TextDecoder()

/** The message with the key that it was given, as HTTP's always are: so that it can be placed again. */
export function carryingKey(message: Incoming): Incoming {
  const { key, properties, body } = message
  if (key === undefined) return message
  if (messageView(properties, body).headerKey(givenKeyHeader) !== undefined) return message
  return { ...message, properties: appendHeaders(properties, [[givenKeyHeader, text.decode(key)]]) }
}
