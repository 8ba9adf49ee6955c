import { bounds } from "../../core/bounds.ts"
import { givenKeyHeader } from "../../core/given-key.ts"
import { keyBytes, type PartitionKey } from "../../core/key.ts"
import type { Incoming } from "../../core/outcome.ts"
import { propertiesBytesMax } from "../../wire/frames.ts"
import { encodeProperties } from "../../wire/properties.ts"
import type { ProblemCode } from "../problem-catalogue.ts"

/** What became of one item of a batch: a message, or the reason why it is none. */
export type ReadLine =
  | { readonly kind: "message"; readonly id: string; readonly message: Incoming }
  | RefusedLine

export interface RefusedLine {
  readonly kind: "refused"
  readonly code: ProblemCode
  readonly detail: string
  /** As the producer sent them, where they could be read. */
  readonly id?: string
  readonly key?: PartitionKey
}

export interface LineParts {
  readonly id: string | undefined
  readonly key: string | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly contentType: string | undefined
  readonly body: Uint8Array
}

/** Why a message cannot be made of a line. */
export class UnusableLine extends Error {
  override readonly name = "UnusableLine"
  readonly code: ProblemCode

  constructor(code: ProblemCode, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * A message of these parts, persistent as a single one is. A key set outright is also carried as
 * `x-partymq-key`, so that consumers know it.
 *
 * @throws {UnusableLine}
 */
export function lineMessage(parts: LineParts, newId: () => string): ReadLine {
  const key = parts.key === undefined ? undefined : givenKey(parts.key)
  const id = parts.id === undefined ? newId() : shortText("id", parts.id)
  const contentType =
    parts.contentType === undefined ? undefined : shortText("contentType", parts.contentType)
  let headersLength = 0
  for (const [name, value] of parts.headers) {
    checkHeader(name, value)
    headersLength += name.length + value.length
  }
  // Said before they are encoded: a line may be as large as a body.
  if (headersLength > propertiesMax) throw tooLarge(headersLength)
  const headers =
    parts.key === undefined
      ? parts.headers
      : [...parts.headers, [givenKeyHeader, parts.key] as const]
  const properties = encodeProperties({ contentType, messageId: id, deliveryMode: 2, headers })
  if (properties.length > propertiesMax) throw tooLarge(properties.length)
  const { body } = parts
  return {
    kind: "message",
    id,
    message: key === undefined ? { properties, body } : { properties, body, key },
  }
}

const tooLarge = (bytes: number): UnusableLine =>
  new UnusableLine(
    "headers_too_large",
    `the message's properties and headers are ${bytes} bytes or more; at most ${propertiesMax} fit a frame`,
  )

/** @throws {UnusableLine} */
export function givenKey(text: string): PartitionKey {
  const key = keyBytes(wellFormed("key", text))
  if (key === undefined) {
    throw new UnusableLine("invalid_partition_key", "the key is empty; leave it out or fill it")
  }
  if (key.length > bounds.keyBytesMax) {
    const fact = `the key is ${key.length} bytes; at most ${bounds.keyBytesMax} are allowed`
    throw new UnusableLine("invalid_partition_key", fact)
  }
  return key
}

/**
 * Text that UTF-8 can carry: half of a surrogate pair would become another character.
 * @throws {UnusableLine}
 */
export function wellFormed(subject: string, text: string): string {
  if (text.isWellFormed()) return text
  throw new UnusableLine("invalid_line", `${subject} has half of a surrogate pair`)
}

function shortText(subject: string, text: string): string {
  if (text === "") throw new UnusableLine("invalid_line", `${subject} is empty; leave it out`)
  const bytes = shortBytes(wellFormed(subject, text))
  if (bytes <= bounds.shortStringBytesMax) return text
  const fact = `${subject} is ${bytes} bytes; at most ${bounds.shortStringBytesMax} fit`
  throw new UnusableLine("invalid_line", fact)
}

function checkHeader(name: string, value: string): void {
  const lowerCase = name.toLowerCase()
  if (lowerCase.startsWith("x-partymq-")) {
    throw new UnusableLine("reserved_header", `header "${shown(name)}" is PartyMQ's own`)
  }
  // The broker would send copies to the queues they name.
  if (lowerCase === "cc" || lowerCase === "bcc") {
    throw new UnusableLine("reserved_header", `header "${name}" is an instruction to the broker`)
  }
  if (name === "" || shortBytes(name) > bounds.shortStringBytesMax || !name.isWellFormed()) {
    const allowed = `1 to ${bounds.shortStringBytesMax} bytes are allowed`
    throw new UnusableLine(
      "invalid_header",
      `header name "${shown(name)}" cannot be one; ${allowed}`,
    )
  }
  if (value.isWellFormed()) return
  throw new UnusableLine("invalid_header", `header "${shown(name)}" has half of a surrogate pair`)
}

const shown = (name: string): string => name.slice(0, 32)

/** Most are short enough whatever their characters. */
const shortBytes = (text: string): number =>
  text.length * 3 <= bounds.shortStringBytesMax ? text.length : Buffer.byteLength(text)

const propertiesMax = propertiesBytesMax(bounds.frameBytesMax)
