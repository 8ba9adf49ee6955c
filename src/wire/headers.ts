import { type FieldSpan, forEachEntry, spanBetween, viewOf } from "./field.ts"
import {
  concat,
  encodeEntries,
  encodeShort,
  encodeUint32,
  locateProperty,
  type NewHeader,
  type Span,
} from "./properties.ts"

const headersFlag = 0x2000

/** The entries of the header table, without its length; `undefined` when there is no table. */
export function headerEntries(properties: Uint8Array): Span | undefined {
  const table = locateProperty(properties, "headers")
  return table === undefined ? undefined : { start: table.start + 4, end: table.end }
}

/** The value of the first header of that name, ASCII case ignored; not decoded. */
export const findHeader = (properties: Uint8Array, name: Uint8Array): FieldSpan | undefined =>
  firstHeader(properties, name, sameName)

/** The same, in these very letters. */
export const findExactHeader = (properties: Uint8Array, name: Uint8Array): FieldSpan | undefined =>
  firstHeader(properties, name, exactName)

type NameMatch = (bytes: Uint8Array, start: number, end: number, name: Uint8Array) => boolean

function firstHeader(
  properties: Uint8Array,
  name: Uint8Array,
  isName: NameMatch,
): FieldSpan | undefined {
  const entries = headerEntries(properties)
  if (entries === undefined) return undefined
  let found: FieldSpan | undefined
  forEachEntry(properties, entries.start, entries.end, (start, end, valueEnd) => {
    if (!isName(properties, start, end, name)) return false
    found = spanBetween(properties, end, valueEnd)
    return true
  })
  return found
}

function exactName(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false
  return true
}

function sameName(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    if (lowerCase(bytes[start + i]!) !== lowerCase(name[i]!)) return false
  }
  return true
}

const lowerCase = (byte: number): number => (byte >= 65 && byte <= 90 ? byte | 0x20 : byte)

/** The list with these headers after those it has; all else stays byte for byte. */
export function appendHeaders(properties: Uint8Array, entries: readonly NewHeader[]): Uint8Array {
  const at = headerEntries(properties)
  const kept = at === undefined ? new Uint8Array(0) : properties.slice(at.start, at.end)
  return withEntries(properties, concat([kept, encodeEntries(entries)]))
}

/**
 * The list without the headers whose name `isUnwanted` says so of; all else stays byte for byte. A
 * table that becomes empty is left out altogether, or stays as an empty one for `keepTable`.
 */
export function removeHeaders(
  properties: Uint8Array,
  isUnwanted: (name: string) => boolean,
  keepTable = false,
): Uint8Array {
  return mapEntries(properties, (name, entry) => (isUnwanted(name) ? undefined : entry), keepTable)
}

/** The list with some headers under another name; values stay byte for byte. */
export function renameHeaders(
  properties: Uint8Array,
  names: { readonly [name: string]: string },
): Uint8Array {
  return mapEntries(properties, (name, entry) => {
    const other = Object.hasOwn(names, name) ? names[name] : undefined
    if (other === undefined) return entry
    return concat([encodeShort(other), entry.subarray(1 + entry[0]!)])
  })
}

/** The list with each entry (name and value, as bytes) replaced, or left out for `undefined`. */
function mapEntries(
  properties: Uint8Array,
  replace: (name: string, entry: Uint8Array) => Uint8Array | undefined,
  keepTable = false,
): Uint8Array {
  const at = headerEntries(properties)
  if (at === undefined) return properties
  const entries: Uint8Array[] = []
  let isChanged = false
  forEachEntry(properties, at.start, at.end, (nameStart, nameEnd, valueEnd) => {
    const entry = properties.subarray(nameStart - 1, valueEnd)
    const replaced = replace(latin1.decode(properties.subarray(nameStart, nameEnd)), entry)
    isChanged ||= replaced !== entry
    if (replaced !== undefined) entries.push(replaced)
  })
  return isChanged ? withEntries(properties, concat(entries), keepTable) : properties
}

const latin1 = new TextDecoder("latin1")

/** The list with the header table made of these entries. */
function withEntries(properties: Uint8Array, entries: Uint8Array, keepTable = false): Uint8Array {
  const table = locateProperty(properties, "headers")
  const before = table?.start ?? headersPosition(properties)
  const after = table?.end ?? before
  const flags = properties.length < 2 ? 0 : viewOf(properties).getUint16(0)
  const hasTable = entries.length > 0 || keepTable
  const whole = concat([
    properties.length < 2 ? new Uint8Array(2) : properties.subarray(0, before),
    ...(hasTable ? [encodeUint32(entries.length), entries] : []),
    properties.subarray(after),
  ])
  viewOf(whole).setUint16(0, hasTable ? flags | headersFlag : flags & ~headersFlag)
  return whole
}

/** Where a header table would stand in a list that has none: behind content type and encoding. */
function headersPosition(properties: Uint8Array): number {
  const before =
    locateProperty(properties, "contentEncoding") ?? locateProperty(properties, "contentType")
  return before?.end ?? 2
}
