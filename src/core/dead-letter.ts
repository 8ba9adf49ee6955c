import { headerFits } from "../wire/frames.ts"
import { appendHeaders, findHeader, headerEntries, removeHeaders } from "../wire/headers.ts"
import { locateProperty, replaceProperty } from "../wire/properties.ts"
import { bounds } from "./bounds.ts"
import { InvalidKey } from "./key.ts"
import type { ConsumerDeadLetterReason, DeadLetterReason } from "./outcome.ts"

/** What a dead-lettered message says of itself, in headers added after its own. */
export interface DeadLetterNote {
  readonly reason: DeadLetterReason | ConsumerDeadLetterReason
  /** For people. */
  readonly detail: string
  /** When, ISO 8601. */
  readonly time: string
  /** The queue it came from: a source, or the partition queue of the consumer. */
  readonly source: string
  /** The groups that did not get it; replayed, it goes to these alone. Absent: to all. */
  readonly groups?: readonly string[]
}

const noteHeaders = {
  reason: "x-partymq-reason",
  detail: "x-partymq-detail",
  time: "x-partymq-time",
  source: "x-partymq-source",
  groups: "x-partymq-groups",
} as const
/** The message came with a header table that was empty, which is not the same bytes as none. */
const emptyTableHeader = "x-partymq-empty-headers"
/**
 * The properties as they came, as bytes: a broker that delivers a message of a quorum queue again
 * adds a count of deliveries, sorts its headers and drops repeated ones, so that looking at a dead
 * letter would change it.
 */
const propertiesHeader = "x-partymq-properties"
/** The expiration's bytes, where there is no room for all properties. */
const expirationHeader = "x-partymq-expiration"
const noteNames: ReadonlySet<string> = new Set([
  ...Object.values(noteHeaders),
  emptyTableHeader,
  propertiesHeader,
  expirationHeader,
])

/**
 * The properties with the note, and without an expiration: the message is to stay until somebody has
 * dealt with it. A list that cannot be read stays as it is, and one whose header table would no longer
 * fit into a frame, with what a broker adds when it delivers again, gets no note: the message matters
 * more. What looks like a note was put there by somebody else, and goes.
 */
export function annotate(
  properties: Uint8Array,
  note: DeadLetterNote,
  frameMax: number,
): Uint8Array {
  return unlessMalformed(properties, () => {
    const bare = withoutNote(properties)
    const lasting = replaceProperty(bare, "expiration", undefined)
    const annotated = withNote(lasting, note)
    const withCopy = appendHeaders(annotated, [[propertiesHeader, bare]])
    const lists = [withCopy, withExpiration(annotated, bare), withExpiration(lasting, bare)]
    const sizeMax = frameMax - bounds.redeliveryHeadersBytesMax
    return lists.find((list) => headerFits(list, sizeMax)) ?? lasting
  })
}

/** A list that cannot be read must not keep its message from being parked, listed and replayed. */
function unlessMalformed<Value>(otherwise: Value, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidKey) return otherwise
    throw error
  }
}

/** With a header that tells the expiration of another list. */
function withExpiration(properties: Uint8Array, of: Uint8Array): Uint8Array {
  const span = locateProperty(of, "expiration")
  if (span === undefined) return properties
  return appendHeaders(properties, [[expirationHeader, of.slice(span.start, span.end)]])
}

function withNote(properties: Uint8Array, note: DeadLetterNote): Uint8Array {
  const entries: [string, string][] = [
    [noteHeaders.reason, note.reason],
    [noteHeaders.detail, note.detail],
    [noteHeaders.time, note.time],
    [noteHeaders.source, note.source],
  ]
  if (note.groups !== undefined) entries.push([noteHeaders.groups, note.groups.join(",")])
  if (hasEmptyTable(properties)) entries.push([emptyTableHeader, "true"])
  return appendHeaders(properties, entries)
}

function hasEmptyTable(properties: Uint8Array): boolean {
  const entries = headerEntries(properties)
  return entries !== undefined && entries.start === entries.end
}

/** The properties without a note: as the message came, byte for byte. */
export const original = (properties: Uint8Array): Uint8Array =>
  unlessMalformed(properties, () => {
    const bare = withoutNote(properties)
    const expiration = bytesOf(properties, expirationHeader)
    return (
      bytesOf(properties, propertiesHeader) ??
      (expiration ? replaceProperty(bare, "expiration", expiration) : bare)
    )
  })

/** The value of a header that holds bytes. */
function bytesOf(properties: Uint8Array, name: string): Uint8Array | undefined {
  const found = findHeader(properties, encoder.encode(name))
  return found?.type === byteArray ? properties.slice(found.start + 4, found.end) : undefined
}

function withoutNote(properties: Uint8Array): Uint8Array {
  const hadEmptyTable = findHeader(properties, encoder.encode(emptyTableHeader)) !== undefined
  return removeHeaders(properties, (name) => noteNames.has(name), hadEmptyTable)
}

const byteArray = "x".charCodeAt(0)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export type FoundNote = Partial<Omit<DeadLetterNote, "groups">> & {
  readonly groups?: readonly string[]
}

/** The note of a message from a dead-letter queue; fields it does not have are absent. */
export function readNote(properties: Uint8Array): FoundNote {
  const read = (field: keyof typeof noteHeaders): string | undefined => {
    const span = findHeader(properties, encoder.encode(noteHeaders[field]))
    return span && decoder.decode(properties.subarray(span.start + 4, span.end))
  }
  const fields = Object.keys(noteHeaders) as (keyof typeof noteHeaders)[]
  const found = fields.flatMap((field) => {
    const value = unlessMalformed(undefined, () => read(field))
    if (value === undefined) return []
    return [[field, field === "groups" ? value.split(",") : value] as const]
  })
  return Object.fromEntries(found)
}
