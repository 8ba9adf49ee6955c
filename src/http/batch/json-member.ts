import { isBlank } from "./splitter.ts"

/**
 * The bytes of a member of a JSON object, exactly as they stand there; of several of that name the
 * last, as `JSON.parse` has it. `undefined` when there is none.
 *
 * @param json an object that `JSON.parse` has accepted; of anything else the result is nonsense
 */
export function jsonMember(json: Uint8Array, name: string): Uint8Array | undefined {
  let found: Uint8Array | undefined
  let at = json.indexOf(openObject) + 1
  while (true) {
    at = pastBlanks(json, at)
    if (json[at] === comma) at = pastBlanks(json, at + 1)
    if (json[at] !== quote) return found
    const nameEnd = stringEnd(json, at)
    const isWanted = isName(json.subarray(at + 1, nameEnd - 1), name)
    at = pastBlanks(json, pastBlanks(json, nameEnd) + 1)
    const end = valueEnd(json, at)
    if (isWanted) found = json.subarray(at, end)
    at = end
  }
}

function pastBlanks(json: Uint8Array, from: number): number {
  let at = from
  while (at < json.length && isBlank(json[at]!)) at += 1
  return at
}

/** Past the closing quote of the string that begins at `from`. */
function stringEnd(json: Uint8Array, from: number): number {
  for (let at = from + 1; at < json.length; at++) {
    if (json[at] === backslash) at += 1
    else if (json[at] === quote) return at + 1
  }
  return json.length
}

function valueEnd(json: Uint8Array, from: number): number {
  const first = json[from]
  if (first === quote) return stringEnd(json, from)
  let at = from
  if (first !== openObject && first !== openArray) {
    while (at < json.length && !isDelimiter(json[at]!)) at += 1
    return at
  }
  let depth = 0
  do {
    const byte = json[at]
    if (byte === openObject || byte === openArray) depth += 1
    else if (byte === closeObject || byte === closeArray) depth -= 1
    at = byte === quote ? stringEnd(json, at) : at + 1
  } while (depth > 0 && at < json.length)
  return at
}

const isDelimiter = (byte: number): boolean =>
  byte === comma || byte === closeObject || isBlank(byte)

function isName(bytes: Uint8Array, name: string): boolean {
  const text = decoder.decode(bytes)
  return text.includes("\\") ? JSON.parse(`"${text}"`) === name : text === name
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
const openArray = 0x5b
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d
const comma = 0x2c
const quote = 0x22
const backslash = 0x5c
