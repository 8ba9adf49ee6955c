import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { InvalidKey } from "../../src/core/key.ts"
import type { HeaderValue } from "../../src/core/message.ts"
import { decodeField, decodeTable, fieldSpan, forEachEntry } from "../../src/wire/field.ts"
import { seed } from "../support/seed.ts"
import { fromHex, rawHeader, tableBytes } from "./property-list.ts"

/** Type tag, bytes in hex, and the value they stand for, put down by hand from the specification. */
const vectors: readonly (readonly [type: string, bytes: string, value: HeaderValue])[] = [
  ["t", "00", false],
  ["t", "01", true],
  ["t", "ff", true],
  ["b", "80", -128],
  ["b", "7f", 127],
  ["B", "ff", 255],
  ["s", "8000", -32768],
  ["s", "ffff", -1],
  ["u", "ffff", 65535],
  ["I", "80000000", -2147483648],
  ["I", "0000002a", 42],
  ["i", "ffffffff", 4294967295],
  ["l", "000000000000002a", 42],
  ["l", "ffffffffffffffff", -1],
  ["l", "001fffffffffffff", 9007199254740991],
  ["l", "0020000000000001", 9007199254740993n],
  ["l", "8000000000000000", -9223372036854775808n],
  ["L", "ffffffffffffffff", 18446744073709551615n],
  ["f", "3fc00000", 1.5],
  ["d", "3ff8000000000000", 1.5],
  ["d", "7ff0000000000000", Number.POSITIVE_INFINITY],
  ["D", "00 0000002a", "42"],
  ["D", "02 00000096", "1.5"],
  ["D", "02 00000005", "0.05"],
  ["D", "02 00000000", "0"],
  ["D", "01 000003e8", "100"],
  ["D", "03 fffffc18", "-1"],
  ["D", "0a 80000000", "-0.2147483648"],
  ["S", "00000000", ""],
  ["S", "00000003 c3a961", "éa"],
  ["S", "00000004 efbbbf61", "\ufeffa"],
  ["S", "00000002 c328", fromHex("c328")],
  ["x", "00000002 00ff", fromHex("00ff")],
  ["x", "00000000", new Uint8Array(0)],
  ["A", "00000000", []],
  ["A", "00000006 56 49 00000007", [null, 7]],
  ["T", "0000000065920080", new Date("2024-01-01T00:00:00Z")],
  ["F", "00000000", {}],
  ["F", "00000004 01 61 62 ff", { a: -1 }],
  ["V", "", null],
]

function decoded(type: string, bytes: Uint8Array): HeaderValue {
  // Not at the start of its buffer: offsets must be the view's, not the buffer's.
  const field = Uint8Array.of(9, 9, 9, type.charCodeAt(0), ...bytes).subarray(3)
  return decodeField(field, fieldSpan(field, 0, field.length))
}

describe("a field", () => {
  for (const [type, bytes, value] of vectors) {
    test(`of type ${type} with the bytes "${bytes}" is decoded`, () => {
      const found = decoded(type, fromHex(bytes))
      if (type === "F") expect(Object.entries(found as object)).toEqual(Object.entries(value!))
      else expect(found).toEqual(value)
    })
  }

  test("that is not a number is said to be none", () => {
    expect(decoded("d", fromHex("7ff8000000000000"))).toBeNaN()
  })

  test("ends where its type says", () => {
    for (const [type, bytes] of vectors) {
      const field = Uint8Array.of(type.charCodeAt(0), ...fromHex(bytes), 1, 2, 3)
      const span = fieldSpan(field, 0, field.length)
      expect(span).toEqual({ type: type.charCodeAt(0), start: 1, end: field.length - 3 })
    }
  })

  test("cut short anywhere, or reaching past its limit, is malformed", () => {
    for (const [type, bytes] of vectors) {
      const field = Uint8Array.of(type.charCodeAt(0), ...fromHex(bytes))
      for (let length = 0; length < field.length; length++) {
        const cut = field.slice(0, length)
        expect(() => fieldSpan(cut, 0, length)).toThrow(InvalidKey)
        // Bytes of somebody else behind the limit are not taken for its own.
        expect(() => fieldSpan(field, 0, length)).toThrow(InvalidKey)
      }
    }
  })

  test("of any other type is malformed", () => {
    const known = new Set([..."tbBsuIilLfdDSATFVx"].map((type) => type.charCodeAt(0)))
    for (let type = 0; type < 256; type++) {
      if (known.has(type)) continue
      const field = Uint8Array.of(type, ...new Uint8Array(16))
      expect(() => fieldSpan(field, 0, field.length)).toThrow(InvalidKey)
    }
  })
})

describe("a table", () => {
  const decodedTable = (bytes: Uint8Array) => decodeTable(bytes, 0, bytes.length)

  test("keeps names that mean something to the language as names", () => {
    const names = ["__proto__", "constructor", "hasOwnProperty"]
    const bytes = tableBytes(names.map((name) => ({ name, type: "B", value: Uint8Array.of(1) })))
    const table = decodedTable(Uint8Array.from(bytes))
    expect(Object.keys(table)).toEqual(names)
    expect(Object.getPrototypeOf(table)).toBeNull()
  })

  test("gives the last entry of a name", () => {
    const entry = (value: number) => ({ name: "n", type: "B", value: Uint8Array.of(value) })
    const table = decodedTable(Uint8Array.from(tableBytes([entry(1), entry(2)])))
    expect(table.n).toBe(2)
  })

  test("is malformed wherever it is cut, and otherwise read without a look beyond its end", () => {
    const property = fc.property(
      fc.array(rawHeader, { maxLength: 4 }),
      fc.nat(),
      (headers, cut) => {
        const whole = Uint8Array.from(tableBytes(headers))
        const ends = new Set([0])
        forEachEntry(whole, 0, whole.length, (_start, _end, valueEnd) => {
          ends.add(valueEnd)
        })
        expect(ends.size).toBe(headers.length + 1)
        const length = cut % (whole.length + 1)
        // Filled up behind the cut, so that a read beyond it would find something plausible.
        const padded = new Uint8Array(whole.length + 300).fill(1)
        padded.set(whole.subarray(0, length))
        for (const bytes of [whole.slice(0, length), padded]) {
          if (ends.has(length)) decodeTable(bytes, 0, length)
          else expect(() => decodeTable(bytes, 0, length)).toThrow(InvalidKey)
        }
      },
    )
    fc.assert(property, { seed, numRuns: 1000 })
  })

  test("of random bytes is decoded or malformed, and nothing else", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        decodedTable(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidKey)
      }
    })
    fc.assert(property, { seed, numRuns: 2000 })
  })
})
