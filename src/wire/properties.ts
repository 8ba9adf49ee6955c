import { ByteWriter } from "./byte-writer.ts"
import { uint16At, uint32At } from "./bytes.ts"
import { decodeText, malformed, viewOf } from "./field.ts"

/**
 * The property list of a content header: 16 flag bits, then the values of the properties that are
 * there, in the order of the flags. What is forwarded are these bytes; this module finds its way in
 * them and makes new ones.
 */

const shortString = 1
const longTable = 2
const octet = 3
const timestamp = 4

/** Name, flag and wire form of each basic property, in wire order. */
const basicProperties = [
  ["contentType", 0x8000, shortString],
  ["contentEncoding", 0x4000, shortString],
  ["headers", 0x2000, longTable],
  ["deliveryMode", 0x1000, octet],
  ["priority", 0x0800, octet],
  ["correlationId", 0x0400, shortString],
  ["replyTo", 0x0200, shortString],
  ["expiration", 0x0100, shortString],
  ["messageId", 0x0080, shortString],
  ["timestamp", 0x0040, timestamp],
  ["type", 0x0020, shortString],
  ["userId", 0x0010, shortString],
  ["appId", 0x0008, shortString],
  ["clusterId", 0x0004, shortString],
] as const

export type PropertyName = (typeof basicProperties)[number][0]

/** From the first byte of a property's value (its length prefix included) to past its last. */
export interface Span {
  readonly start: number
  readonly end: number
}

const flags = Object.fromEntries(basicProperties.map(([name, flag]) => [name, flag])) as {
  readonly [name in PropertyName]: number
}

/** The flag bits; none in a list that is too short to have any. */
const flagsOf = (properties: Uint8Array): number =>
  properties.length < 2 ? 0 : uint16At(properties, 0)

/** Whether the message has a property, however malformed the list is. */
export const hasProperty = (properties: Uint8Array, name: PropertyName): boolean =>
  (flagsOf(properties) & flags[name]) !== 0

/**
 * Where a property's value lies, or `undefined` when the message does not have it.
 * @throws {InvalidKey} when the message has it and the list is malformed before its end
 */
export function locateProperty(properties: Uint8Array, wanted: PropertyName): Span | undefined {
  // Most messages have few of them; this is asked several times for each.
  return hasProperty(properties, wanted) ? placeOf(properties, wanted) : undefined
}

/**
 * The list with a property's value as these bytes (its length prefix included), or without it for
 * `undefined`; all else stays byte for byte.
 * @throws {InvalidKey} when the list is malformed before the property's end
 */
export function replaceProperty(
  properties: Uint8Array,
  name: PropertyName,
  value: Uint8Array | undefined,
): Uint8Array {
  const { start, end, flag } = placeOf(properties, name)
  if (value === undefined && start === end) return properties
  const added = value ?? new Uint8Array(0)
  const head = properties.length < 2 ? new Uint8Array(2) : properties.subarray(0, start)
  const whole = concat([head, added, properties.subarray(end)])
  const present = flagsOf(whole)
  viewOf(whole).setUint16(0, value === undefined ? present & ~flag : present | flag)
  return whole
}

/** Where a property's value lies or, when the message does not have it, would lie, of no length. */
function placeOf(properties: Uint8Array, wanted: PropertyName): Span & { readonly flag: number } {
  const present = flagsOf(properties)
  const wantedFlag = flags[wanted]
  let start = 2
  // By index: this is asked for every message, several times.
  for (let at = 0; ; at++) {
    const [, flag, form] = basicProperties[at]!
    const end = (present & flag) === 0 ? start : valueEnd(properties, start, form)
    if (flag === wantedFlag) return { start, end, flag }
    start = end
  }
}

function valueEnd(bytes: Uint8Array, at: number, form: number): number {
  const size = form === octet ? 1 : form === timestamp ? 8 : prefixedSize(bytes, at, form)
  if (at + size > bytes.length) throw malformed(at)
  return at + size
}

function prefixedSize(bytes: Uint8Array, at: number, form: number): number {
  const prefix = form === shortString ? 1 : 4
  if (at + prefix > bytes.length) throw malformed(at)
  return prefix + (form === shortString ? bytes[at]! : uint32At(bytes, at))
}

/** A short-string property as text; `undefined` when it is absent or not UTF-8. */
export function textProperty(properties: Uint8Array, name: PropertyName): string | undefined {
  const span = locateProperty(properties, name)
  if (span === undefined) return undefined
  const text = decodeText(properties.subarray(span.start + 1, span.end))
  return typeof text === "string" ? text : undefined
}

/** Properties of a message that PartyMQ makes itself. Short strings are at most 255 bytes of UTF-8. */
export interface NewProperties {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly messageId?: string | undefined
  /** 2 is persistent. */
  readonly deliveryMode?: 1 | 2
  /** Seconds since 1970. */
  readonly timestamp?: number | undefined
  /** In this order; values become long strings in UTF-8. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

const writer = new ByteWriter()

/** Writes with the shared writer. Not to be called while another call writes. */
function written(write: () => void): Uint8Array {
  writer.reset()
  write()
  return writer.take()
}

/**
 * The property list as bytes.
 * @throws {RangeError} when a short string or a header's name is over 255 bytes
 */
export function encodeProperties(properties: NewProperties): Uint8Array {
  const { contentType, contentEncoding, headers, deliveryMode, messageId, timestamp } = properties
  return written(() => {
    let present = 0
    const short = (flag: number, text: string | undefined) => {
      if (text === undefined) return
      present |= flag
      writer.shortText(text)
    }
    writer.uint16(0)
    short(flags.contentType, contentType)
    short(flags.contentEncoding, contentEncoding)
    if (headers !== undefined && headers.length > 0) {
      present |= flags.headers
      writeTable(headers)
    }
    if (deliveryMode !== undefined) {
      present |= flags.deliveryMode
      writer.octet(deliveryMode)
    }
    short(flags.messageId, messageId)
    if (timestamp !== undefined) {
      present |= flags.timestamp
      writer.uint64(timestamp)
    }
    writer.setUint16(0, present)
  })
}

function writeTable(entries: readonly NewHeader[]): void {
  const at = writer.length
  writer.uint32(0)
  writeEntries(entries)
  writer.setUint32(at, writer.length - at - 4)
}

/** @throws {RangeError} when the text is over 255 bytes of UTF-8 */
export const encodeShort = (text: string): Uint8Array => written(() => writer.shortText(text))

/** A header to be written: text becomes a long string in UTF-8, bytes a byte array. */
export type NewHeader = readonly [name: string, value: string | Uint8Array]

/** Table entries without the table's length. */
export const encodeEntries = (entries: readonly NewHeader[]): Uint8Array =>
  written(() => writeEntries(entries))

function writeEntries(entries: readonly NewHeader[]): void {
  for (const [name, value] of entries) {
    writer.shortText(name)
    if (typeof value === "string") {
      writer.octet(longStringTag)
      writer.longText(value)
    } else {
      writer.octet(byteArrayTag)
      writer.uint32(value.length)
      writer.bytes(value)
    }
  }
}

const longStringTag = "S".charCodeAt(0)
const byteArrayTag = "x".charCodeAt(0)

export const encodeUint32 = (value: number): Uint8Array => written(() => writer.uint32(value))

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
