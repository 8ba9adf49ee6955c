import { keyBytes } from "../core/key.ts"
import type { HeaderValue, MessageProperties, MessageView } from "../core/message.ts"
import { messageView } from "../core/message-view.ts"

export interface ExampleMessage {
  readonly headers?: { readonly [name: string]: HeaderValue }
  /** Text is encoded as UTF-8. @default "" */
  readonly body?: string | Uint8Array
  readonly properties?: MessageProperties
}

const noProperties = new Uint8Array(2)

/** A message for trying out a key extractor: it answers as the router's messages do. */
export function exampleMessage({
  headers = {},
  body = "",
  properties = {},
}: ExampleMessage): MessageView {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
  const decoded = messageView(noProperties, bytes)
  const header = (name: string) => {
    const wanted = name.toLowerCase()
    const entry = Object.entries(headers).find(([each]) => each.toLowerCase() === wanted)
    return entry?.[1]
  }
  return Object.freeze({
    body: bytes,
    properties: Object.freeze({ ...properties }),
    header,
    headerKey: (name: string) => {
      const value = header(name)
      if (value === undefined || value === null) return undefined
      return keyBytes(value instanceof Date ? value.getTime() / 1000 : value)
    },
    json: () => decoded.json(),
  })
}
