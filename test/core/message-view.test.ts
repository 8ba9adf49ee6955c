import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { InvalidKey, keyBytes } from "../../src/core/key.ts"
import { InvalidJson } from "../../src/core/message.ts"
import { messageView } from "../../src/core/message-view.ts"
import { seed } from "../support/seed.ts"
import {
  bytesOf,
  fromHex,
  long,
  type RawHeader,
  rawHeader,
  rawList,
  textHeader,
} from "../wire/property-list.ts"

const nothing = new Uint8Array(0)
const withHeaders = (...headers: RawHeader[]) => messageView(rawList({ headers }), nothing)
const withBody = (body: string | Uint8Array) =>
  messageView(rawList({}), typeof body === "string" ? bytesOf(body) : body)
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

describe("the key bytes of a header", () => {
  const canonical: readonly (readonly [type: string, bytes: string, key: string | undefined])[] = [
    ["S", "00000002 3432", "42"],
    ["S", "00000000", undefined],
    ["x", "00000002 3432", "42"],
    ["x", "00000000", undefined],
    ["t", "01", "true"],
    ["t", "00", "false"],
    ["b", "2a", "42"],
    ["B", "2a", "42"],
    ["s", "002a", "42"],
    ["u", "002a", "42"],
    ["I", "0000002a", "42"],
    ["i", "0000002a", "42"],
    ["l", "000000000000002a", "42"],
    ["L", "000000000000002a", "42"],
    ["d", "4045000000000000", "42"],
    ["f", "42280000", "42"],
    ["D", "01 000001a4", "42"],
    ["d", "8000000000000000", "0"],
    ["l", "0020000000000001", "9007199254740993"],
    ["l", "8000000000000000", "-9223372036854775808"],
    ["L", "ffffffffffffffff", "18446744073709551615"],
    ["T", "0000000065920080", "1704067200"],
    ["V", "", undefined],
  ]
  for (const [type, bytes, key] of canonical) {
    test(`of type ${type} with the bytes "${bytes}" are ${key ?? "none"}`, () => {
      const view = withHeaders({ name: "K", type, value: fromHex(bytes) })
      expect(textOf(view.headerKey("k"))).toBe(key)
    })
  }

  for (const [type, bytes] of [
    ["A", "00000000"],
    ["F", "00000000"],
    ["d", "7ff8000000000000"],
    ["f", "7f800000"],
    ["T", "ffffffffffffffff"],
  ] as const) {
    test(`of type ${type} with the bytes "${bytes}" are refused`, () => {
      const view = withHeaders({ name: "k", type, value: fromHex(bytes) })
      expect(() => view.headerKey("k")).toThrow(InvalidKey)
    })
  }

  test("of text that is not UTF-8 are its bytes", () => {
    const view = withHeaders({ name: "k", type: "S", value: long(fromHex("c328")) })
    expect(view.headerKey("k")).toEqual(fromHex("c328"))
  })

  test("are what the decoded value would give", () => {
    const property = fc.property(rawHeader, (header) => {
      const view = withHeaders(header)
      const value = view.header(header.name)
      const decoded = value instanceof Date ? value.getTime() / 1000 : value
      const outcome = (of: () => unknown) => {
        try {
          return of()
        } catch (error) {
          return (error as Error).name
        }
      }
      const direct = outcome(() => view.headerKey(header.name))
      expect(direct).toEqual(outcome(() => (decoded === null ? undefined : keyBytes(decoded))))
    })
    fc.assert(property, { seed, numRuns: 1000 })
  })

  test("do not change with the message's buffer", () => {
    const list = rawList({ headers: [textHeader("k", "v")] })
    const key = messageView(list, nothing).headerKey("k")
    list.fill(0)
    expect(textOf(key)).toBe("v")
  })
})

describe("headers", () => {
  test("are found without regard to case, and by their whole name", () => {
    const view = withHeaders(textHeader("Partition-Key", "v"))
    expect(view.header("partition-key")).toBe("v")
    expect(view.header("PARTITION-KEY")).toBe("v")
    expect(view.header("partition")).toBeUndefined()
  })

  test("may have names that mean something to the language", () => {
    const view = withHeaders(textHeader("other", "v"))
    for (const name of ["__proto__", "constructor", "toString", ""]) {
      expect(view.header(name)).toBeUndefined()
      expect(view.headerKey(name)).toBeUndefined()
      expect(withHeaders(textHeader(name, "v")).header(name)).toBe("v")
    }
  })

  test("are absent where there is no table", () => {
    expect(withBody("{}").header("k")).toBeUndefined()
    expect(messageView(nothing, nothing).headerKey("k")).toBeUndefined()
  })

  test("of a malformed table are refused as keys", () => {
    const view = messageView(fromHex("2000 ffffffff 01 6b"), nothing)
    expect(() => view.headerKey("k")).toThrow(InvalidKey)
  })

  test("nested as deep as a frame allows do not bring the process down", () => {
    const levels = 26_000
    const value = new Uint8Array(levels * 5 + 4)
    const bytes = new DataView(value.buffer)
    for (let level = 0; level < levels; level++) {
      bytes.setUint32(level * 5, value.length - level * 5 - 4)
      bytes.setUint8(level * 5 + 4, "A".charCodeAt(0))
    }
    const table = Uint8Array.of(4, ...bytesOf("deep"), "A".charCodeAt(0))
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, table.length + value.length)
    const list = Buffer.concat([fromHex("2000"), length, table, value])
    expect(() => messageView(list, nothing).headerKey("deep")).toThrow()
  })

  test("can be asked for under more names than are remembered", () => {
    const view = withHeaders(textHeader("name 7", "v"))
    for (let i = 0; i < 3_000; i++) expect(view.header(`name ${i}`)).toBe(i === 7 ? "v" : undefined)
  })
})

test("properties are those that are there", () => {
  const given = { contentType: "a/b", messageId: "", appId: "é", userId: "u" }
  const { userId: _, ...shown } = given
  expect(messageView(rawList(given), nothing).properties).toEqual(shown)
  expect(messageView(nothing, nothing).properties).toEqual({})
})

describe("a body as JSON", () => {
  test("is parsed once, also when it is null", () => {
    const view = withBody('{"a":[1]}')
    expect(view.json()).toBe(view.json())
    expect(view.json()).toEqual({ a: [1] })
    expect(withBody("null").json()).toBeNull()
  })

  test("keeps integers beyond 2^53 exactly, so that header and body give one key", () => {
    const header = withHeaders({ name: "k", type: "l", value: fromHex("0020000000000001") })
    const body = withBody('{"k":9007199254740993}').json() as { k: unknown }
    expect(body.k).toBe(9007199254740993n)
    expect(keyBytes(body.k)).toEqual(header.headerKey("k") as never)
  })

  test("gives every 64-bit integer the key bytes of its header", () => {
    const property = fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setBigInt64(0, value)
      const header = withHeaders({ name: "k", type: "l", value: bytes }).headerKey("k")
      const [parsed] = withBody(`[ ${value} ]`).json() as unknown[]
      const body = keyBytes(parsed)
      expect(textOf(body)).toBe(String(value))
      expect(textOf(header)).toBe(String(value))
    })
    fc.assert(property, { seed, numRuns: 300 })
  })

  test("leaves fractions, exponents and long digits in strings alone", () => {
    const text = '[0.12345678901234567, 1e20, "90071992547409931234", 12345678901234567.5]'
    expect(withBody(text).json()).toEqual(JSON.parse(text))
  })

  test("may hold fields that mean something to the language", () => {
    const text = '{"__proto__":{"key":12345678901234567890},"constructor":1}'
    const value = withBody(text).json() as object
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"])
    expect((value as { key?: unknown }).key).toBeUndefined()
  })

  const invalid: readonly (readonly [string, Uint8Array])[] = [
    ["empty", nothing],
    ["cut short", bytesOf('{"secret":')],
    ["text", bytesOf("secret")],
    ["not UTF-8", fromHex("22 c328 22")],
    ["UTF-16", fromHex("7b00 7d00")],
    ["followed by more", bytesOf("{} {}")],
    ["very deep and open", bytesOf("[".repeat(1_000_000))],
    ["very deep with long digits", bytesOf(`${"[".repeat(500_000)}12345678901234567`)],
  ]
  for (const [what, body] of invalid) {
    test(`that is ${what} is refused, and not quoted`, () => {
      const error = thrownBy(() => withBody(body).json())
      expect(error).toBeInstanceOf(InvalidJson)
      expect(error.message).toBe("the body is not JSON in UTF-8")
      expect(error.cause).toBeUndefined()
    })
  }
})

function thrownBy(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error("nothing was thrown")
}
