import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { bounds } from "../../src/core/bounds.ts"
import { annotate, type DeadLetterNote, original, readNote } from "../../src/core/dead-letter.ts"
import { headerFits } from "../../src/wire/frames.ts"
import { appendHeaders, removeHeaders } from "../../src/wire/headers.ts"
import { locateProperty, replaceProperty } from "../../src/wire/properties.ts"
import { seed } from "../support/seed.ts"
import {
  bytesOf,
  fromHex,
  hex,
  long,
  rawList,
  rawProperties,
  textHeader,
} from "../wire/property-list.ts"

const frameMax = bounds.frameBytesMax
const note: DeadLetterNote = {
  reason: "unroutable",
  detail: 'queue "q" is gone: ä',
  time: "2024-01-01T00:00:00.000Z",
  source: "orders.source",
  groups: ["billing", "marketing"],
}

const copyName = "x-partymq-properties"

const notes: fc.Arbitrary<DeadLetterNote> = fc
  .record({
    reason: fc.constantFrom("missing_key" as const, "plugin_error" as const),
    detail: fc.string({ unit: "grapheme" }),
    time: fc.constant(note.time),
    source: fc.string({ unit: "grapheme" }),
    groups: fc.option(fc.array(fc.constantFrom("a", "b-1", "c"), { minLength: 1 }), {
      nil: undefined,
    }),
  })
  .map(({ groups, ...rest }) => ({ ...rest, ...(groups && { groups }) }))

describe("a dead-lettered message", () => {
  test("can be given back byte for byte, and says why it is there", () => {
    const property = fc.property(rawProperties, notes, (given, each) => {
      const list = rawList(given)
      const annotated = annotate(list, each, frameMax)
      expect(hex(original(annotated))).toBe(hex(list))
      expect(readNote(annotated)).toEqual(each)
    })
    fc.assert(property, { seed, numRuns: 1000 })
  })

  test("keeps an empty header table apart from none", () => {
    for (const list of [rawList({ headers: [] }), rawList({}), new Uint8Array([0, 0])]) {
      expect(hex(original(annotate(list, note, frameMax)))).toBe(hex(list))
    }
  })

  test("carries its newest note only, and still gives back what came first", () => {
    const list = rawList({ headers: [textHeader("x", "y")], deliveryMode: 2 })
    const { groups: _, ...second } = note
    const twice = annotate(annotate(list, note, frameMax), second, frameMax)
    expect(readNote(twice)).toEqual(second)
    expect(hex(original(twice))).toBe(hex(list))
  })

  test("stays as it is when the note would not fit a frame with it", () => {
    const list = rawList({ headers: [textHeader("x", "y".repeat(50))] })
    const room = bounds.redeliveryHeadersBytesMax
    expect(annotate(list, note, list.length + room + 20)).toBe(list)
    expect(annotate(list, note, list.length + room + 1000)).not.toBe(list)
  })

  test("does not expire, and is given back with its expiration, whatever fits a frame", () => {
    const list = rawList({
      headers: [textHeader("x", "y".repeat(2_000))],
      replyTo: "me",
      expiration: "60000",
      messageId: "m",
    })
    for (const more of [10_000, 2_000, 100]) {
      const sizeMax = list.length + bounds.redeliveryHeadersBytesMax + more
      const annotated = annotate(list, note, sizeMax)
      expect(locateProperty(annotated, "expiration")).toBeUndefined()
      expect(hex(original(annotated))).toBe(hex(list))
      expect(headerFits(annotated, sizeMax - bounds.redeliveryHeadersBytesMax)).toBe(true)
      expect(readNote(annotated)).toEqual(more === 100 ? {} : note)
    }
    const none = annotate(list, note, list.length + 10)
    expect(hex(none)).toBe(hex(replaceProperty(list, "expiration", undefined)))
  })

  test("leaves room in its frame for what a broker adds when it delivers again", () => {
    // Just below where the copy, or the note, stops fitting.
    for (let size = 64_000; size < 129_900; size += 499) {
      const list = rawList({ headers: [textHeader("x", "y".repeat(size))], expiration: "1" })
      const added = appendHeaders(annotate(list, note, frameMax), [
        ["x-delivery-count", "1".repeat(100)],
      ])
      expect(headerFits(added, frameMax)).toBe(true)
    }
  })

  test("is given back as it came after a broker has rewritten its headers", () => {
    const list = rawList({ headers: ["b", "a", "a"].map((name) => textHeader(name, name)) })
    const annotated = annotate(list, note, frameMax)
    const rewritten = appendHeaders(
      removeHeaders(annotated, (name) => name === "a"),
      [
        ["a", "a"],
        ["x-delivery-count", "1"],
      ],
    )
    expect(hex(original(rewritten))).toBe(hex(list))
    expect(readNote(rewritten)).toEqual(note)
  })

  test("takes no stranger's word for how it came", () => {
    const forged = rawList({ headers: [{ name: copyName, type: "x", value: long(bytesOf("no")) }] })
    expect(hex(original(annotate(forged, note, frameMax)))).toBe(hex(rawList({})))
    expect(hex(annotate(forged, note, 30))).toBe(hex(rawList({})))
  })

  test("stays as it is when its properties cannot be read", () => {
    const malformed = ["2000 ffffffff 00", "2000 00000003 01 61 3f", "8000 ff 61"]
    for (const bytes of malformed) {
      const list = fromHex(bytes)
      expect(annotate(list, note, frameMax)).toBe(list)
      expect(original(list)).toBe(list)
      expect(readNote(list)).toEqual({})
    }
  })
})

test("a message without a note has none to read", () => {
  expect(readNote(rawList({ headers: [textHeader("x-partymq", "no")] }))).toEqual({})
  expect(readNote(rawList({}))).toEqual({})
})
