import { forEachEntry } from "../../src/wire/field.ts"
import { headerEntries } from "../../src/wire/headers.ts"
import { concat, encodeUint32, replaceProperty } from "../../src/wire/properties.ts"

/** The list with its headers sorted: a broker sorts them where a quorum queue delivers again. */
export function sortedHeaders(properties: Uint8Array): Uint8Array {
  const entries = headerEntries(properties)
  if (entries === undefined) return properties
  const found: Uint8Array[] = []
  forEachEntry(properties, entries.start, entries.end, (nameStart, _nameEnd, valueEnd) => {
    found.push(properties.subarray(nameStart - 1, valueEnd))
    return false
  })
  const table = concat(found.sort(Buffer.compare))
  return replaceProperty(properties, "headers", concat([encodeUint32(table.length), table]))
}
