import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { bounds } from "../../src/core/bounds.ts"
import { forwardable, withoutPriority } from "../../src/wire/forwardable.ts"
import { seed } from "../support/seed.ts"
import {
  hex,
  long,
  type RawProperties,
  rawList,
  rawProperties,
  textHeader,
} from "./property-list.ts"

const frameMax = bounds.frameBytesMax

/** A header frame's bytes beside the property list: frame, class, weight and body size. */
const headerFrameOverhead = 20

function expected(given: RawProperties): RawProperties {
  const rename = (name: string) =>
    name === "CC" ? "x-partymq-cc" : name === "BCC" ? "x-partymq-bcc" : name
  const headers = given.headers?.map((each) => ({ ...each, name: rename(each.name) }))
  const mode = given.deliveryMode
  const deliveryMode = mode === undefined || mode === 1 || mode === 2 ? mode : 2
  const { userId, ...rest } = { ...given, headers, deliveryMode }
  if (userId === undefined) return rest
  return { ...rest, headers: [...(headers ?? []), textHeader("x-partymq-user-id", userId)] }
}

describe("a property list to be forwarded", () => {
  test("differs in copy headers, user id and invalid delivery mode, and in no other byte", () => {
    const property = fc.property(rawProperties, (given) => {
      const list = rawList(given)
      const before = hex(list)
      const forwarded = forwardable(list, frameMax)
      expect(hex(forwarded)).toBe(hex(rawList(expected(given))))
      expect(hex(list)).toBe(before)
    })
    fc.assert(property, { seed, numRuns: 1000 })
  })

  test("is the very same object when nothing is in the way", () => {
    const lists = [
      rawList({}),
      new Uint8Array(0),
      rawList({ deliveryMode: 1, headers: [textHeader("cc", "lower case is not special")] }),
      rawList({ headers: [textHeader("a", "b")], clusterId: "c", priority: 0 }),
    ]
    for (const list of lists) expect(forwardable(list, frameMax)).toBe(list)
  })

  test("keeps the values of copy headers, whatever their type", () => {
    const value = long(Uint8Array.of("S".charCodeAt(0), ...long(Uint8Array.of(113))))
    const forwarded = forwardable(
      rawList({ headers: [{ name: "CC", type: "A", value }] }),
      frameMax,
    )
    const renamed = { name: "x-partymq-cc", type: "A", value }
    expect(hex(forwarded)).toBe(hex(rawList({ headers: [renamed] })))
  })

  test("drops copy headers whose longer name would not fit a frame, and only those", () => {
    const others = ["toString", "constructor", "__proto__"].map((name) => textHeader(name, "v"))
    const list = rawList({ headers: [textHeader("CC", "q"), ...others] })
    const kept = rawList({ headers: others })
    expect(hex(forwardable(list, list.length + headerFrameOverhead))).toBe(hex(kept))
    const longer = list.length + "x-partymq-".length
    const fits = forwardable(list, longer + headerFrameOverhead)
    expect(fits.length).toBe(longer)
  })

  test("drops a user id that would not fit a frame as a header", () => {
    const list = rawList({ userId: "guest", appId: "a" })
    const kept = rawList({ appId: "a" })
    expect(hex(forwardable(list, list.length + headerFrameOverhead))).toBe(hex(kept))
  })

  test("moves a priority to a header where that fits, and always takes it off", () => {
    const list = rawList({ priority: 9, appId: "a", headers: [textHeader("h", "v")] })
    const moved = [textHeader("h", "v"), textHeader("x-partymq-priority", "9")]
    expect(hex(withoutPriority(list, frameMax))).toBe(hex(rawList({ appId: "a", headers: moved })))
    const bare = rawList({ appId: "a", headers: [textHeader("h", "v")] })
    expect(hex(withoutPriority(list, list.length + headerFrameOverhead))).toBe(hex(bare))
    expect(withoutPriority(bare, frameMax)).toBe(bare)
  })

  test("never needs more than a frame when it came in one", () => {
    const property = fc.property(rawProperties, fc.nat(40), (given, spare) => {
      const list = rawList(given)
      const max = list.length + headerFrameOverhead + spare
      expect(forwardable(list, max).length).toBeLessThanOrEqual(max - headerFrameOverhead)
    })
    fc.assert(property, { seed, numRuns: 500 })
  })
})
