import { HeldItem } from "./held-item.ts"
import { type Item, isBlank, type Splitter } from "./splitter.ts"

/**
 * The elements of a JSON array of objects. Objects are found by their brackets and strings only; what
 * is between them is left to whoever parses it. Anything else at the level of the array breaks it.
 */
export function jsonElements(elementBytesMax: number): Splitter {
  const held = new HeldItem(elementBytesMax)
  let line = 0
  let place: Place = "start"
  /** Within an element: open brackets, and where it stands in a string. */
  let depth = 0
  let isString = false
  let isEscaped = false
  let isAfterMark = 0

  const broken = (detail: string): Item => {
    place = "broken"
    held.finish(nothing)
    return { kind: "broken", line: line + 1, detail }
  }

  /** What a byte outside of any element means; a text says what is wrong with it. */
  function outside(byte: number): string | undefined {
    if (isBlank(byte)) return undefined
    if (place === "start") {
      if (isAfterMark < mark.length && byte === mark[isAfterMark]) isAfterMark += 1
      else if (byte === openArray) place = "first"
      else return "the batch is not a JSON array"
      return undefined
    }
    if (place === "over") return "something follows the array"
    if (byte === closeArray && place !== "next") place = "over"
    else if (byte === comma && place === "after") place = "next"
    else if (byte === openObject && place !== "after") place = "element"
    else return "the array is not one of objects, with a comma between them"
    return undefined
  }

  /** The index past the element's last byte, or the chunk's length when it goes on. */
  function endOf(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!
      if (isEscaped) isEscaped = false
      else if (isString) {
        if (byte === quote) isString = false
        else if (byte === backslash) isEscaped = true
      } else if (byte === quote) isString = true
      else if (byte === openObject || byte === openArray) depth += 1
      else if (byte === closeObject || byte === closeArray) {
        depth -= 1
        if (depth === 0) return at + 1
      }
    }
    return chunk.length
  }

  function* split(chunk: Uint8Array): Iterable<Item> {
    for (let at = 0; at < chunk.length && place !== "broken"; ) {
      if (place !== "element") {
        const fault = outside(chunk[at]!)
        if (fault !== undefined) yield broken(fault)
        // The bracket that opens an element is part of it.
        if (chunk[at] !== openObject) at += 1
        continue
      }
      const end = endOf(chunk, at)
      const piece = chunk.subarray(at, end)
      at = end
      if (depth > 0) held.add(piece)
      else {
        place = "after"
        line += 1
        const text = held.finish(piece)
        yield text === undefined ? { kind: "tooLong", line } : { kind: "text", line, text }
      }
    }
  }

  return {
    get heldBytes() {
      return held.bytes
    },
    split,
    *end() {
      if (place !== "over" && place !== "broken") yield broken("the array does not end")
    },
  }
}

type Place =
  /** Before the array. */
  | "start"
  /** In the array: before the first element, in one, after one, after a comma. */
  | "first"
  | "element"
  | "after"
  | "next"
  /** Behind it. */
  | "over"
  | "broken"

const nothing = new Uint8Array(0)
/** The mark that some put before UTF-8. */
const mark = [0xef, 0xbb, 0xbf] as const
const openArray = 0x5b
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d
const comma = 0x2c
const quote = 0x22
const backslash = 0x5c
