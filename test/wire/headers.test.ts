import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { InvalidKey } from "../../src/core/key.ts"
import {
  appendHeaders,
  findHeader,
  headerEntries,
  removeHeaders,
  renameHeaders,
} from "../../src/wire/headers.ts"
import { seed } from "../support/seed.ts"
import {
  bytesOf,
  hex,
  type RawHeader,
  rawHeader,
  rawList,
  rawProperties,
  tableBytes,
  textHeader,
} from "./property-list.ts"

const holds = <Values extends [unknown, ...unknown[]]>(property: fc.IPropertyWithHooks<Values>) =>
  fc.assert(property, { seed, numRuns: 500 })

const find = (headers: readonly RawHeader[], name: string) => {
  const list = rawList({ contentType: "c", headers, appId: "a" })
  const span = findHeader(list, bytesOf(name))
  return span && hex(list.subarray(span.start, span.end))
}

describe("findHeader", () => {
  test("gives the value of the first entry of the name, whatever the case", () => {
    const headers = [textHeader("Other", "no"), textHeader("KEY", "1"), textHeader("key", "2")]
    expect(find(headers, "Key")).toBe(hex(textHeader("", "1").value))
    expect(find(headers, "ke")).toBeUndefined()
    expect(find(headers, "keyy")).toBeUndefined()
  })

  test("ignores case in ASCII letters only", () => {
    // Bytes that differ in the same bit as letters do, and are none.
    for (const [one, other] of [
      ["@", "`"],
      ["[", "{"],
      ["É", "é"],
    ] as const) {
      expect(find([textHeader(one, "v")], other)).toBeUndefined()
    }
    expect(find([textHeader("é", "v")], "é")).toBeDefined()
  })

  test("finds every header of any table, whatever stands before it", () => {
    holds(
      fc.property(fc.array(rawHeader, { minLength: 1, maxLength: 6 }), (headers) => {
        for (const { name } of headers) {
          const first = headers.find((each) => lowerAscii(each.name) === lowerAscii(name))!
          expect(find(headers, name)).toBe(hex(first.value))
        }
      }),
    )
  })

  test("does not look beyond the table for a value that is cut short", () => {
    const cut = rawList({ headers: [{ name: "k", type: "I", value: Uint8Array.of(0) }] })
    const list = Uint8Array.of(...cut, 2, 2, 2, 2)
    expect(() => findHeader(list, bytesOf("k"))).toThrow(InvalidKey)
  })

  test("finds nothing where there is no table", () => {
    expect(findHeader(rawList({ contentType: "c" }), bytesOf("k"))).toBeUndefined()
    expect(headerEntries(rawList({}))).toBeUndefined()
    expect(headerEntries(new Uint8Array(0))).toBeUndefined()
  })
})

describe("appendHeaders", () => {
  test("adds to the end of the table and leaves all other bytes as they are", () => {
    holds(
      fc.property(rawProperties, fc.string({ maxLength: 9 }), fc.string(), (given, name, value) => {
        const expected = [...(given.headers ?? []), textHeader(name, value)]
        const appended = appendHeaders(rawList(given), [[name, value]])
        expect(hex(appended)).toBe(hex(rawList({ ...given, headers: expected })))
      }),
    )
  })

  test("makes a list of nothing", () => {
    const made = appendHeaders(new Uint8Array(0), [["n", "v"]])
    expect(hex(made)).toBe(hex(rawList({ headers: [textHeader("n", "v")] })))
  })
})

describe("removeHeaders", () => {
  test("takes out what is unwanted and leaves all other bytes as they are", () => {
    holds(
      fc.property(rawProperties, fc.nat(31), (given, unwanted) => {
        const names = (given.headers ?? []).map(({ name }) => name)
        const gone = new Set(names.filter((_, at) => (unwanted >> at) & 1))
        const rest = given.headers?.filter(({ name }) => !gone.has(name))
        const list = rawList(given)
        const removed = removeHeaders(list, (name) => gone.has(fromLatin1(name)))
        if (gone.size === 0) expect(removed).toBe(list)
        else {
          const headers = rest?.length === 0 ? undefined : rest
          expect(hex(removed)).toBe(hex(rawList({ ...given, headers })))
        }
      }),
    )
  })
})

describe("renameHeaders", () => {
  test("changes the names that are asked for, exactly written, and no other byte", () => {
    holds(
      fc.property(rawProperties, (given) => {
        const headers = given.headers?.map((each) =>
          each.name === "CC" ? { ...each, name: "a longer name" } : each,
        )
        const renamed = renameHeaders(rawList(given), { CC: "a longer name" })
        expect(hex(renamed)).toBe(hex(rawList({ ...given, headers })))
      }),
    )
  })

  test("gives the very same list when there is nothing to rename", () => {
    const list = rawList({ headers: [textHeader("cc", "v"), textHeader("__proto__", "v")] })
    expect(renameHeaders(list, { CC: "other" })).toBe(list)
  })
})

test("the tables of these tests are tables", () => {
  const table = tableBytes([textHeader("k", "v")])
  expect(hex(Uint8Array.from(table))).toBe("016b530000000176")
})

const lowerAscii = (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Names reach the callback one character for each byte. */
const fromLatin1 = (name: string) =>
  new TextDecoder().decode(Uint8Array.from(name, (character) => byteOf(character)))

/** The sources' decoder takes bytes 80 to 9f for those of windows-1252, as the standard has it. */
const windows1252 = new TextDecoder("latin1").decode(
  Uint8Array.from({ length: 256 }, (_, at) => at),
)
const byteOf = (character: string) => windows1252.indexOf(character)
