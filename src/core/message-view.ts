import { decodeField, type FieldSpan } from "../wire/field.ts"
import { findHeader } from "../wire/headers.ts"
import { type PropertyName, textProperty } from "../wire/properties.ts"
import { bounds } from "./bounds.ts"
import { keyBytes } from "./key.ts"
import {
  type HeaderValue,
  InvalidJson,
  type MessageProperties,
  type MessageView,
} from "./message.ts"

const encoder = new TextEncoder()
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })
const longString = "S".charCodeAt(0)
const byteArray = "x".charCodeAt(0)

/** Names as bytes; plugins ask for the same few names for every message. Bounded by being cleared. */
const nameBytes = new Map<string, Uint8Array>()
const namesMax = 1024

/** A message as plugins see it, over the bytes it came in. Nothing is decoded before it is asked for. */
export function messageView(properties: Uint8Array, body: Uint8Array): MessageView {
  return new LazyView(properties, body)
}

class LazyView implements MessageView {
  readonly #list: Uint8Array
  readonly body: Uint8Array
  #json: { readonly value: unknown } | undefined

  constructor(list: Uint8Array, body: Uint8Array) {
    this.#list = list
    this.body = body
  }

  get properties(): MessageProperties {
    return decodeProperties(this.#list)
  }

  header(name: string): HeaderValue | undefined {
    const span = this.#find(name)
    return span === undefined ? undefined : decodeField(this.#list, span)
  }

  headerKey(name: string): Uint8Array | undefined {
    const span = this.#find(name)
    if (span === undefined) return undefined
    if (span.type === longString || span.type === byteArray) {
      return span.end - span.start === 4 ? undefined : this.#list.slice(span.start + 4, span.end)
    }
    const value = decodeField(this.#list, span)
    if (value === null) return undefined
    return keyBytes(value instanceof Date ? value.getTime() / 1000 : value)
  }

  json(): unknown {
    this.#json ??= { value: parseJson(this.body) }
    return this.#json.value
  }

  #find(name: string): FieldSpan | undefined {
    let bytes = nameBytes.get(name)
    if (bytes === undefined) {
      if (nameBytes.size >= namesMax) nameBytes.clear()
      bytes = encoder.encode(name)
      nameBytes.set(name, bytes)
    }
    return findHeader(this.#list, bytes)
  }
}

const textProperties = [
  "contentType",
  "contentEncoding",
  "correlationId",
  "replyTo",
  "messageId",
  "type",
  "appId",
] as const satisfies readonly PropertyName[]

function decodeProperties(list: Uint8Array): MessageProperties {
  const found: { [name in (typeof textProperties)[number]]?: string } = {}
  for (const name of textProperties) {
    const text = textProperty(list, name)
    if (text !== undefined) found[name] = text
  }
  return found
}

/** Sixteen digits or more: only then can an integer be beyond 2^53. */
const longDigits = /\d{16}/

function parseJson(body: Uint8Array): unknown {
  try {
    const text = strictUtf8.decode(body)
    const isExact = body.length <= bounds.exactJsonBytesMax && longDigits.test(text)
    return isExact ? JSON.parse(text, exactInteger) : JSON.parse(text)
  } catch {
    // The parser's own message quotes the body; the body is not for logs.
    throw new InvalidJson("the body is not JSON in UTF-8")
  }
}

/** Integers that a double would round come as `bigint`, from their source text. */
function exactInteger(_name: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value
  const source = context?.source
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value
}
