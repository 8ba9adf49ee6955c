import { describe, expect, test } from "bun:test"
import { AMQPView } from "@cloudamqp/amqp-client/amqp-view"
import fc from "fast-check"
import { InvalidKey } from "../../src/core/key.ts"
import {
  encodeProperties,
  encodeShort,
  locateProperty,
  type PropertyName,
  textProperty,
} from "../../src/wire/properties.ts"
import { seed } from "../support/seed.ts"
import { fromHex, hex, type RawProperties, rawList, rawProperties } from "./property-list.ts"

const names = [
  ...["contentType", "contentEncoding", "headers", "deliveryMode", "priority"],
  ...["correlationId", "replyTo", "expiration", "messageId", "timestamp", "type"],
  ...["userId", "appId", "clusterId"],
] as readonly PropertyName[]

/** The client's own codec, as a second opinion. */
function clientReads(list: Uint8Array) {
  const view = new AMQPView(list.buffer, list.byteOffset, list.byteLength)
  const [properties, length] = view.getProperties(0)
  return { properties, length }
}

/** The same list with all but one property, to see where that one lies. */
function without(given: RawProperties, name: PropertyName): Uint8Array {
  return rawList({ ...given, [name]: undefined })
}

describe("locateProperty", () => {
  test("finds exactly the bytes of each property, whichever others are there", () => {
    const property = fc.property(rawProperties, (given) => {
      const list = rawList(given)
      for (const name of names) {
        const span = locateProperty(list, name)
        expect(span === undefined).toBe(given[name] === undefined)
        if (span === undefined) continue
        const rest = [...list.subarray(2, span.start), ...list.subarray(span.end)]
        expect(rest).toEqual([...without(given, name).subarray(2)])
      }
    })
    fc.assert(property, { seed, numRuns: 500 })
  })

  test("agrees with the client's codec on every combination of properties", () => {
    const present: RawProperties = {
      contentType: "a/b",
      contentEncoding: "gzip",
      headers: [],
      deliveryMode: 2,
      priority: 0,
      correlationId: "é",
      replyTo: "",
      expiration: "1000",
      messageId: "m",
      timestamp: 1_700_000_000,
      type: "t",
      userId: "guest",
      appId: "app",
    }
    for (let combination = 0; combination < 2 ** 13; combination++) {
      const chosen = Object.entries(present).filter((_, at) => (combination >> at) & 1)
      const list = rawList(Object.fromEntries(chosen))
      const { properties, length } = clientReads(list)
      expect(length).toBe(list.length)
      for (const name of ["contentType", "correlationId", "messageId", "appId"] as const) {
        expect(textProperty(list, name)).toBe(properties[name])
      }
      const mode = locateProperty(list, "deliveryMode")
      expect(mode && list[mode.start]).toBe(properties.deliveryMode)
      const last = chosen.at(-1)?.[0] as PropertyName | undefined
      expect(last === undefined ? 2 : locateProperty(list, last)?.end).toBe(list.length)
    }
  })

  test("never reads beyond a list that was cut short", () => {
    const property = fc.property(rawProperties, fc.nat(), (given, cut) => {
      const whole = rawList(given)
      const length = cut % whole.length
      for (const name of names) {
        const expected = locateProperty(whole, name)
        try {
          const found = locateProperty(whole.slice(0, length), name)
          if (length >= 2) expect(found).toEqual(expected)
          expect(found === undefined || found.end <= length).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidKey)
          expect(expected === undefined || expected.end > length).toBe(true)
        }
      }
    })
    fc.assert(property, { seed, numRuns: 500 })
  })

  test("finds nothing in an empty list", () => {
    for (const name of names) expect(locateProperty(new Uint8Array(0), name)).toBeUndefined()
  })
})

describe("textProperty", () => {
  test("gives nothing for text that is not UTF-8", () => {
    expect(textProperty(fromHex("8000 02 c328"), "contentType")).toBeUndefined()
    expect(textProperty(fromHex("8000 02 c3a9"), "contentType")).toBe("é")
  })
})

describe("encodeProperties", () => {
  const optional = <Value>(of: fc.Arbitrary<Value>) => fc.option(of, { nil: undefined })
  // Whole characters: a half of a surrogate pair has no UTF-8.
  const text = fc.string({ unit: "grapheme", maxLength: 12 })

  test("makes what the client's codec reads", () => {
    const given = fc.record({
      contentType: optional(text),
      contentEncoding: optional(text),
      messageId: optional(text),
      timestamp: optional(fc.nat(2 ** 31)),
      deliveryMode: fc.constantFrom<1 | 2>(1, 2),
      headers: fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), text), {
        maxLength: 4,
        selector: ([name]) => name,
      }),
    })
    const property = fc.property(given, (properties) => {
      const list = encodeProperties(properties)
      const { properties: read, length } = clientReads(list)
      expect(length).toBe(list.length)
      expect(read.contentType).toBe(properties.contentType)
      expect(read.contentEncoding).toBe(properties.contentEncoding)
      expect(read.messageId).toBe(properties.messageId)
      expect(read.deliveryMode).toBe(properties.deliveryMode)
      expect(read.timestamp?.getTime()).toBe(
        properties.timestamp === undefined ? undefined : properties.timestamp * 1000,
      )
      // The client's codec cannot hold this one name.
      const headers = properties.headers.filter(([name]) => name !== "__proto__")
      expect(new Map(Object.entries(read.headers ?? {}))).toEqual(new Map(headers))
    })
    fc.assert(property, { seed, numRuns: 500 })
  })

  test("makes an empty list of nothing, and leaves out an empty header table", () => {
    expect(hex(encodeProperties({}))).toBe("0000")
    expect(hex(encodeProperties({ headers: [] }))).toBe("0000")
  })

  test("has the bytes of the specification", () => {
    const list = encodeProperties({
      contentType: "a",
      headers: [["k", "v"]],
      deliveryMode: 2,
      messageId: "m",
      timestamp: 2 ** 32 + 1,
    })
    const table = "00000008 01 6b 53 00000001 76"
    expect(hex(list)).toBe(hex(fromHex(`b0c0 0161 ${table} 02 016d 0000000100000001`)))
  })

  test("refuses short strings over 255 bytes, counted in UTF-8", () => {
    expect(encodeShort("é".repeat(127)).length).toBe(255)
    expect(() => encodeShort("é".repeat(128))).toThrow(RangeError)
    expect(() => encodeProperties({ headers: [["n".repeat(256), ""]] })).toThrow(RangeError)
    expect(encodeProperties({ messageId: "m".repeat(255) }).length).toBe(2 + 256)
  })
})
