import { InvalidKey } from "../core/key.ts"
import type { HeaderValue } from "../core/message.ts"
import { uint32At } from "./bytes.ts"

/**
 * AMQP 0-9-1 field values, as RabbitMQ speaks them (its errata to the specification decide where the
 * two differ): `t b B s u I i l L f d D S A T F V x`. Nothing here copies but where it decodes.
 */

/** A byte order mark is a character like any other: texts that differ must stay different keys. */
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const ascii = new TextDecoder("latin1")

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Sizes of the fixed-width types, in bytes. */
const fixedSizes: { readonly [type: string]: number } = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  D: 5,
  l: 8,
  L: 8,
  d: 8,
  T: 8,
  V: 0,
}
const sizeByType = new Int8Array(256).fill(-1)
for (const [type, size] of Object.entries(fixedSizes)) sizeByType[type.charCodeAt(0)] = size
/** Types with a 32-bit length before their content. */
const lengthPrefixed = -2
for (const type of "SAFx") sizeByType[type.charCodeAt(0)] = lengthPrefixed

/** Where a value lies: its type tag, and its bytes from `start` to `end` (length prefix included). */
export interface FieldSpan {
  readonly type: number
  readonly start: number
  readonly end: number
}

/**
 * The span of the value whose type tag is at `at`.
 * @throws {InvalidKey} when the type is unknown or the value reaches past `limit`
 */
export function fieldSpan(bytes: Uint8Array, at: number, limit: number): FieldSpan {
  return spanBetween(bytes, at, fieldEnd(bytes, at, limit))
}

/** The span of the value whose type tag is at `at`, and that is known to end there. */
export const spanBetween = (bytes: Uint8Array, at: number, end: number): FieldSpan => ({
  type: bytes[at]!,
  start: at + 1,
  end,
})

function fieldEnd(bytes: Uint8Array, at: number, limit: number): number {
  if (at >= limit) throw malformed(at)
  const start = at + 1
  const size = sizeByType[bytes[at]!]!
  if (size === -1) throw malformed(at)
  if (size === lengthPrefixed && start + 4 > limit) throw malformed(at)
  const end = size === lengthPrefixed ? start + 4 + uint32At(bytes, start) : start + size
  if (end > limit) throw malformed(at)
  return end
}

export const malformed = (at: number): InvalidKey =>
  new InvalidKey(`the header table is malformed at byte ${at}`)

/** The value of a span, decoded. Integers beyond 2^53 and all 64-bit ones that need it are `bigint`. */
export function decodeField(bytes: Uint8Array, { type, start, end }: FieldSpan): HeaderValue {
  const view = viewOf(bytes)
  switch (String.fromCharCode(type)) {
    case "t":
      return view.getUint8(start) !== 0
    case "b":
      return view.getInt8(start)
    case "B":
      return view.getUint8(start)
    case "s":
      return view.getInt16(start)
    case "u":
      return view.getUint16(start)
    case "I":
      return view.getInt32(start)
    case "i":
      return view.getUint32(start)
    case "l":
      return narrowed(view.getBigInt64(start))
    case "L":
      return narrowed(view.getBigUint64(start))
    case "f":
      return view.getFloat32(start)
    case "d":
      return view.getFloat64(start)
    case "D":
      return decimal(view.getUint8(start), view.getInt32(start + 1))
    case "T":
      return new Date(Number(view.getBigUint64(start)) * 1000)
    case "S":
      return decodeText(bytes.subarray(start + 4, end))
    case "x":
      return bytes.slice(start + 4, end)
    case "A":
      return decodeArray(bytes, start + 4, end)
    case "F":
      return decodeTable(bytes, start + 4, end)
    default:
      return null
  }
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** Decimals keep their digits: as text, since a double would round them; `1.50` is `1.5`. */
function decimal(scale: number, unscaled: number): string {
  if (scale === 0) return String(unscaled)
  const digits = String(Math.abs(unscaled)).padStart(scale + 1, "0")
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, "")
  return unscaled < 0 ? `-${text}` : text
}

/** Valid UTF-8 as a string, anything else as a copy of its bytes. */
export function decodeText(bytes: Uint8Array): string | Uint8Array {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return bytes.slice()
  }
}

function decodeArray(bytes: Uint8Array, start: number, end: number): HeaderValue[] {
  const values: HeaderValue[] = []
  for (let at = start; at < end; ) {
    const span = fieldSpan(bytes, at, end)
    values.push(decodeField(bytes, span))
    at = span.end
  }
  return values
}

/** A table from its first entry to `end`. Later entries of a name win, as in the field's other clients. */
export function decodeTable(
  bytes: Uint8Array,
  start: number,
  end: number,
): { [name: string]: HeaderValue } {
  const table: { [name: string]: HeaderValue } = Object.create(null)
  forEachEntry(bytes, start, end, (nameStart, nameEnd, valueEnd) => {
    const span = spanBetween(bytes, nameEnd, valueEnd)
    table[entryName(bytes, nameStart, nameEnd)] = decodeField(bytes, span)
  })
  return table
}

/** A name as text; bytes that are not UTF-8 are shown one character each. */
export function entryName(bytes: Uint8Array, start: number, end: number): string {
  const name = decodeText(bytes.subarray(start, end))
  return typeof name === "string" ? name : ascii.decode(name)
}

/** Visits each entry until the visitor returns `true`. Its value begins with its type tag where its name ends. */
export function forEachEntry(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (nameStart: number, nameEnd: number, valueEnd: number) => boolean | undefined,
): void {
  for (let at = start; at < end; ) {
    const nameEnd = at + 1 + bytes[at]!
    const valueEnd = fieldEnd(bytes, nameEnd, end)
    if (visit(at + 1, nameEnd, valueEnd)) return
    at = valueEnd
  }
}
