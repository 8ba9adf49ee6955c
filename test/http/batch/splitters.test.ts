import { describe, expect, test } from "bun:test"
import { jsonElements } from "../../../src/http/batch/json-elements.ts"
import { ndjsonLines } from "../../../src/http/batch/ndjson-lines.ts"
import type { Splitter } from "../../../src/http/batch/splitter.ts"
import { type Random, seeded } from "../../support/seed.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
const bytesMax = 40

/** What comes out, in short: `2:text`, `3:too long`, `4:broken`. */
function splitUp(splitter: Splitter, chunks: readonly Uint8Array[]): string[] {
  const found: string[] = []
  const drain = (items: ReturnType<Splitter["end"]>) => {
    for (const item of items) {
      const shown = item.kind === "text" ? decoder.decode(item.text) : item.kind
      found.push(`${item.line}:${shown}`)
    }
    expect(splitter.heldBytes).toBeLessThanOrEqual(bytesMax)
  }
  // A splitter may keep nothing of a chunk but copies.
  for (const chunk of chunks.map((each) => each.slice())) {
    drain(splitter.split(chunk))
    chunk.fill(0)
  }
  drain(splitter.end())
  return found
}

const whole = (splitter: Splitter, text: string) => splitUp(splitter, [encoder.encode(text)])

function cutAnyhow(random: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = []
  const most = random.pick([1, 2, 7, 100])
  for (let at = 0; at < bytes.length; ) {
    const end = at + random.integer(most + 1)
    chunks.push(bytes.subarray(at, end))
    at = end
  }
  return chunks
}

describe("lines of NDJSON", () => {
  const cases: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
    ["end with LF or CRLF", "a\nb\r\nc\n", ["1:a", "2:b\r", "3:c"]],
    ["may lack the last line feed", "a\nb", ["1:a", "2:b"]],
    ["are counted but passed over when blank", "\n \t\r\na\n\r\n", ["3:a"]],
    ["are none where there are no bytes", "", []],
    ["are one of only blanks: none", "  ", []],
    ["may be as long as allowed", `${"x".repeat(40)}\nb`, [`1:${"x".repeat(40)}`, "2:b"]],
    ["that are too long do not spoil the next", `${"x".repeat(41)}\nb\n`, ["1:tooLong", "2:b"]],
    ["may be too long at the end", `a\n${"x".repeat(99)}`, ["1:a", "2:tooLong"]],
  ]
  for (const [what, text, found] of cases) {
    test(what, () => expect(whole(ndjsonLines(bytesMax), text)).toEqual([...found]))
  }

  test(
    "do not depend on how the bytes are cut",
    seeded((random) => {
      for (let round = 0; round < 3_000; round++) {
        const parts = Array.from({ length: random.integer(8) }, () =>
          random.pick(["", " ", "\r", '{"a":1}', "é€😀", "x".repeat(random.integer(60)), "\ufeff"]),
        )
        const text = parts.join("\n") + random.pick(["", "\n", "\r\n"])
        const expected = whole(ndjsonLines(bytesMax), text)
        const chunks = cutAnyhow(random, encoder.encode(text))
        expect(splitUp(ndjsonLines(bytesMax), chunks)).toEqual(expected)
      }
    }),
  )
})

describe("elements of a JSON array", () => {
  const cases: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
    ["are its objects", '[{"a":1},{"b":[2]}]', ['1:{"a":1}', '2:{"b":[2]}']],
    ["may have blanks around them", ' [ {"a":1}\n,\t{} ] \n', ['1:{"a":1}', "2:{}"]],
    ["may follow a byte order mark", "\ufeff[{}]", ["1:{}"]],
    ["may be none", "[]", []],
    ["keep brackets and quotes in strings", '[{"]":"}\\"]\\\\"}]', ['1:{"]":"}\\"]\\\\"}']],
    ["too long do not spoil the next", `[{"a":"${"x".repeat(40)}"},{}]`, ["1:tooLong", "2:{}"]],
    ["are left to whoever parses them", "[{nonsense},{}]", ["1:{nonsense}", "2:{}"]],
    ["are not found outside an array", "{}", ["1:broken"]],
    ["are broken off by anything else", "[{},7,{}]", ["1:{}", "2:broken"]],
    ["are broken off by a missing comma", "[{}{}]", ["1:{}", "2:broken"]],
    ["are broken off by a comma too many", "[{},]", ["1:{}", "2:broken"]],
    ["are broken off by what follows the array", "[{}]{}", ["1:{}", "2:broken"]],
    ["have an end", '[{},{"a":', ["1:{}", "2:broken"]],
    ["are not found where there is nothing", "", ["1:broken"]],
  ]
  for (const [what, text, found] of cases) {
    test(what, () => expect(whole(jsonElements(bytesMax), text)).toEqual([...found]))
  }

  test(
    "do not depend on how the bytes are cut, broken or not",
    seeded((random) => {
      for (let round = 0; round < 3_000; round++) {
        const value = () =>
          JSON.stringify({
            [random.pick(["a", "é", '"', "\\"])]: random.pick([
              1,
              "]},{[",
              "x".repeat(30),
              [{}],
              '\\"',
            ]),
          })
        const elements = Array.from({ length: random.integer(5) }, value)
        const sound = `[${elements.join(random.pick([",", " , ", ",\n"]))}]`
        const at = random.integer(sound.length)
        const text = random.pick([sound, sound.slice(0, at), sound.slice(at)])
        const expected = whole(jsonElements(bytesMax), text)
        const chunks = cutAnyhow(random, encoder.encode(text))
        expect(splitUp(jsonElements(bytesMax), chunks)).toEqual(expected)
      }
    }),
  )

  test(
    "are what JSON.parse finds",
    seeded((random) => {
      for (let round = 0; round < 1_000; round++) {
        const elements = Array.from({ length: random.integer(6) }, () => ({
          [random.pick(["a", "]", "{"])]: random.pick([null, '"', "\\", [[{}]], { b: "}" }, 1e300]),
        }))
        const found = whole(jsonElements(1_000), JSON.stringify(elements, null, random.integer(3)))
        const parsed = found.map((each) => JSON.parse(each.slice(each.indexOf(":") + 1)))
        expect(parsed).toEqual(elements)
      }
    }),
  )
})
