import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { annotate, type DeadLetterNote, original, readNote } from "../../src/core/dead-letter.ts"
import { InvalidKey } from "../../src/core/key.ts"
import { messageView } from "../../src/core/message-view.ts"
import { asFirstDelivered, forwardable } from "../../src/wire/forwardable.ts"
import { seed } from "../support/seed.ts"
import { bytesOf, hex, type RawProperties, rawList, rawProperties } from "./property-list.ts"

/** A header frame's bytes beside the property list: frame, class, weight and body size. */
const headerFrameOverhead = 20

const fixedSizes: { readonly [type: string]: number } = {
  ...{ t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, l: 8, L: 8, d: 8, T: 8, V: 0 },
}

/** Whether a broker could read the list to its last byte; a second opinion, written apart. */
function isWhole(list: Uint8Array): boolean {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength)
  try {
    const flags = view.getUint16(0)
    let at = 2
    for (const [bit, form] of [..."sstoossssTssss"].entries()) {
      if ((flags & (0x8000 >> bit)) === 0) continue
      if (form === "s") at += 1 + view.getUint8(at)
      else if (form === "o") at += 1
      else if (form === "T") at += 8
      else at = tableEnd(view, at, true)
    }
    return (flags & 3) === 0 && at === list.length
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Where a table or an array ends. @throws {RangeError} when it does not */
function tableEnd(view: DataView, start: number, isNamed: boolean): number {
  const end = start + 4 + view.getUint32(start)
  let at = start + 4
  while (at < end) {
    if (isNamed) at += 1 + view.getUint8(at)
    const type = String.fromCharCode(view.getUint8(at))
    at += 1
    if (type === "F" || type === "A") at = tableEnd(view, at, type === "F")
    else if (type === "S" || type === "x") at += 4 + view.getUint32(at)
    else at += fixedSizes[type] ?? Number.NaN
  }
  if (at !== end || end > view.byteLength) throw new RangeError("beyond its end")
  return end
}

/** Bytes changed, put in, taken out or cut off: nothing that a broker sends, but what may not kill. */
interface Mutation {
  readonly at: number
  readonly kind: "change" | "insert" | "remove" | "cut"
  readonly byte: number
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(2_000),
  kind: fc.constantFrom("change", "insert", "remove", "cut"),
  byte: fc.nat(255),
})

function mutated(list: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  const bytes = [...list]
  for (const { at, kind, byte } of mutations) {
    const place = bytes.length === 0 ? 0 : at % bytes.length
    if (kind === "change") bytes[place] = byte
    else if (kind === "insert") bytes.splice(place, 0, byte)
    else if (kind === "remove") bytes.splice(place, 1)
    else bytes.length = place
  }
  return Uint8Array.from(bytes)
}

const note: DeadLetterNote = {
  reason: "invalid_key",
  detail: "of the test",
  time: "2026-01-01T00:00:00.000Z",
  source: "q",
}

/** What may be asked of a list, by its source, by a plugin and by a replay. */
function everything(list: Uint8Array, frameMax: number): Record<string, () => unknown> {
  const view = messageView(list, new Uint8Array(0))
  return {
    forwardable: () => forwardable(list, frameMax),
    asFirstDelivered: () => asFirstDelivered(list),
    properties: () => view.properties,
    ...Object.fromEntries(
      ["k", "CC", "n", "", "x-delivery-count"].flatMap((name) => [
        [`header ${name}`, () => view.header(name)],
        [`key of ${name}`, () => view.headerKey(name)],
      ]),
    ),
  }
}

const assertions = { seed, numRuns: 3_000 }

describe("a list of any properties", () => {
  test("stays whole and within its frame, whatever becomes of it", () => {
    const property = fc.property(rawProperties, fc.nat(3_000), (given, spare) => {
      const list = rawList(given)
      expect(isWhole(list)).toBe(true)
      const frameMax = list.length + headerFrameOverhead + spare
      const first = asFirstDelivered(list)
      const sent = forwardable(first, frameMax)
      const letter = annotate(sent, note, frameMax)
      for (const made of [first, sent, letter, original(letter)]) {
        expect(isWhole(made)).toBe(true)
        expect(made.length + headerFrameOverhead).toBeLessThanOrEqual(frameMax)
      }
      // A letter must not expire, and a full frame has no room to tell that it would have.
      if (given.expiration === undefined) expect(hex(original(letter))).toBe(hex(sent))
      expect(hex(original(annotate(sent, note, 131_072)))).toBe(hex(sent))
    })
    fc.assert(property, assertions)
  })

  test("is forwarded twice as it is forwarded once, so that a replay changes nothing", () => {
    const property = fc.property(rawProperties, (given) => {
      const sent = forwardable(rawList(given), 131_072)
      expect(forwardable(sent, 131_072)).toBe(sent)
    })
    fc.assert(property, assertions)
  })
})

describe("a list that is broken anywhere", () => {
  const broken = (check: (list: Uint8Array) => void) => {
    const property = fc.property(
      rawProperties,
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      (given, mutations) => check(mutated(rawList(given), mutations)),
    )
    fc.assert(property, assertions)
  }

  test("is refused as malformed where it is looked at, and nothing else is thrown", () => {
    broken((list) => {
      const before = hex(list)
      for (const ask of Object.values(everything(list, 131_072))) {
        try {
          ask()
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidKey)
        }
      }
      expect(hex(list)).toBe(before)
    })
  })

  test("does not keep its message from being dead-lettered, shown and replayed", () => {
    broken((list) => {
      const letter = annotate(list, note, 131_072)
      expect(typeof readNote(letter)).toBe("object")
      expect(original(letter)).toBeInstanceOf(Uint8Array)
    })
  })

  test("comes out whole where it is whole after all", () => {
    broken((list) => {
      if (!isWhole(list)) return
      const frameMax = 131_072
      expect(isWhole(forwardable(asFirstDelivered(list), frameMax))).toBe(true)
      expect(isWhole(annotate(list, note, frameMax))).toBe(true)
    })
  })
})

test("a table of tables, as deep as a frame allows, is forwarded and dead-lettered unread", () => {
  let value: Uint8Array = new Uint8Array(0)
  // Each level: the length of the table, an empty name and a type.
  const levels = 8_000
  const nested = new Uint8Array(levels * 6)
  const view = new DataView(nested.buffer)
  for (let level = 0; level < levels; level++) {
    const at = level * 6
    view.setUint32(at, nested.length - at - 4)
    if (level < levels - 1) nested.set(bytesOf("\0F"), at + 4)
    else nested.set(bytesOf("\0V"), at + 4)
  }
  value = nested
  const given: RawProperties = { headers: [{ name: "deep", type: "F", value }], messageId: "m" }
  const list = rawList(given)
  expect(forwardable(asFirstDelivered(list), 131_072)).toBe(list)
  expect(hex(original(annotate(list, note, 131_072)))).toBe(hex(list))
  expect(messageView(list, new Uint8Array(0)).properties.messageId).toBe("m")
})
