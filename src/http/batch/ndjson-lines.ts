import { HeldItem } from "./held-item.ts"
import { type Item, isBlank, lineFeed, type Splitter } from "./splitter.ts"

/**
 * The lines of NDJSON: ended by LF or CRLF, the last one also by the end. Blank lines are passed over,
 * and counted. A line is too long when it is, its CR included, over `lineBytesMax`.
 */
export function ndjsonLines(lineBytesMax: number): Splitter {
  const held = new HeldItem(lineBytesMax)
  let line = 0

  function finish(last: Uint8Array): Item | undefined {
    line += 1
    const text = held.finish(last)
    if (text === undefined) return { kind: "tooLong", line }
    return text.every(isBlank) ? undefined : { kind: "text", line, text }
  }

  return {
    get heldBytes() {
      return held.bytes
    },
    *split(chunk) {
      let start = 0
      for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
        const item = finish(chunk.subarray(start, end))
        start = end + 1
        if (item !== undefined) yield item
      }
      held.add(chunk.subarray(start))
    },
    *end() {
      const item = held.isEmpty ? undefined : finish(nothing)
      if (item !== undefined) yield item
    },
  }
}

const nothing = new Uint8Array(0)
