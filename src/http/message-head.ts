import { bounds } from "../core/bounds.ts"
import { givenKeyHeader } from "../core/given-key.ts"
import { keyBytes, type PartitionKey } from "../core/key.ts"
import { contentHeaderPrefix, frameOverhead } from "../wire/frames.ts"
import { encodeProperties } from "../wire/properties.ts"
import type { HeaderFields } from "./header-fields.ts"
import { headerText } from "./header-text.ts"
import { type Problem, problem } from "./problem.ts"

/** What the request headers say about the message. */
export interface MessageHead {
  readonly kind: "head"
  /** `Message-Id`, or a new UUIDv7. */
  readonly id: string
  /** `Partition-Key`, if sent. */
  readonly key?: PartitionKey
  /** AMQP property list: persistent, with the carried headers as UTF-8 strings. */
  readonly properties: Uint8Array
}

export interface InvalidHead {
  readonly kind: "invalid"
  readonly problem: Problem
}

/**
 * Turns request headers into message properties. Carried as message headers, lower case: `x-*`,
 * `ce-*`, `traceparent`, `tracestate` and `baggage`; a name sent several times comes as one value,
 * joined with `, `, as HTTP defines it. A `Partition-Key` is carried as `x-partymq-key`, so that
 * consumers know it. Other `x-partymq-*` are refused and not dropped: what is PartyMQ's own must not
 * be forged, and what a producer sends must not vanish silently. Values that are not UTF-8 are
 * refused, because guessing an encoding would guess the key.
 */
export function messageHead(fields: HeaderFields, newId: () => string): MessageHead | InvalidHead {
  const headers: [string, string][] = []
  // In the order of their names: a message sent again in another order has the same bytes.
  for (const name of Object.keys(fields).filter(isCarried).sort()) {
    if (name.startsWith("x-partymq-")) return invalid("reserved_header", reserved(name))
    if (name.length > bounds.shortStringBytesMax) return invalid("invalid_header", longName(name))
    const text = headerText(fields[name]!)
    if (text === undefined) return invalid("invalid_header", notUtf8(name))
    headers.push([name, text])
  }
  const texts: Partial<Record<ShortHeader, string>> = {}
  for (const name of shortHeaders) {
    const text = shortText(name, fields[name])
    if (typeof text === "object") return text
    if (text !== undefined) texts[name] = text
  }
  const given = partitionKey(fields["partition-key"])
  if (given !== undefined && "problem" in given) return given
  if (given !== undefined) headers.push([givenKeyHeader, given.text])
  const id = texts["message-id"] ?? newId()
  const properties = encodeProperties({
    contentType: texts["content-type"],
    contentEncoding: texts["content-encoding"],
    messageId: id,
    deliveryMode: 2,
    headers,
  })
  if (properties.length > propertiesBytesMax) {
    return invalid("headers_too_large", tooLarge(properties.length))
  }
  return given === undefined
    ? { kind: "head", id, properties }
    : { kind: "head", id, properties, key: given.key }
}

const shortHeaders = ["content-type", "content-encoding", "message-id"] as const
type ShortHeader = (typeof shortHeaders)[number]

/** A header frame cannot be split over several. */
const propertiesBytesMax = bounds.frameBytesMax - frameOverhead - contentHeaderPrefix

function isCarried(name: string): boolean {
  if (name.startsWith("x-") || name.startsWith("ce-")) return true
  return name === "traceparent" || name === "tracestate" || name === "baggage"
}

/** An empty value says nothing, so it counts as absent. */
function shortText(name: ShortHeader, value = ""): string | undefined | InvalidHead {
  if (value === "") return undefined
  const text = headerText(value)
  if (text === undefined) return invalid("invalid_header", notUtf8(name))
  if (value.length > bounds.shortStringBytesMax) {
    return invalid(
      "invalid_header",
      `header "${name}" is ${value.length} bytes; at most ${bounds.shortStringBytesMax} fit`,
    )
  }
  return text
}

interface GivenKey {
  readonly text: string
  readonly key: PartitionKey
}

function partitionKey(value: string | undefined): GivenKey | undefined | InvalidHead {
  if (value === undefined) return undefined
  const text = headerText(value)
  if (text === undefined) return invalid("invalid_partition_key", notUtf8("partition-key"))
  const key = keyBytes(text)
  if (key === undefined) {
    return invalid(
      "invalid_partition_key",
      'header "partition-key" is empty; leave it out or fill it',
    )
  }
  if (key.length > bounds.keyBytesMax) {
    return invalid(
      "invalid_partition_key",
      `header "partition-key" is ${key.length} bytes; at most ${bounds.keyBytesMax} are allowed`,
    )
  }
  return { text, key }
}

const invalid = (code: Problem["code"], detail: string): InvalidHead => ({
  kind: "invalid",
  problem: problem(code, detail),
})

const notUtf8 = (name: string): string => `header "${name}" is not UTF-8; send its value as UTF-8`

const reserved = (name: string): string =>
  `header "${name}" is PartyMQ's own and cannot be set; leave out x-partymq-*`

const longName = (name: string): string =>
  `header name "${name.slice(0, 32)}..." is ${name.length} bytes; ` +
  `at most ${bounds.shortStringBytesMax} fit`

const tooLarge = (bytes: number): string =>
  `the message's properties and headers are ${bytes} bytes; at most ${propertiesBytesMax} fit a frame`
