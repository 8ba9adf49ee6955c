import { describe, expect, test } from "bun:test"
import { deliveredBefore, sentProperties } from "../../src/wire/redelivery.ts"
import { type RawHeader, rawList, textHeader } from "./property-list.ts"

const count = (name: string, value: number): RawHeader => {
  return { name, type: "l", value: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, value) }
}
const before = (
  queueType: "quorum" | "classic" | undefined,
  headers: readonly RawHeader[],
  redelivered = true,
) => deliveredBefore({ properties: rawList({ headers }), redelivered }, queueType)

describe("how often a message was delivered before", () => {
  test("is never, whatever its headers say, if it was not", () => {
    for (const type of ["quorum", "classic", undefined] as const) {
      expect(before(type, [count("x-delivery-count", 7)], false)).toBe(0)
    }
  })

  test("is what a quorum queue says, in exactly its own letters", () => {
    const own = count("x-delivery-count", 3)
    expect(before("quorum", [count("X-Delivery-Count", 9), own])).toBe(3)
    expect(before("quorum", [own, count("x-delivery-Count", 9)])).toBe(3)
    expect(before("quorum", [count("X-Delivery-Count", 9)])).toBe(1)
    expect(before("quorum", [textHeader("x-delivery-count", "9")])).toBe(1)
    expect(before("quorum", [])).toBe(1)
  })

  test("is at least once on any other queue, whatever a producer says", () => {
    for (const type of ["classic", undefined] as const) {
      expect(before(type, [count("x-delivery-count", 9)])).toBe(1)
    }
  })
})

describe("what a producer sent", () => {
  const properties = rawList({ headers: [count("x-delivery-count", 1), textHeader("k", "v")] })

  test("is all but a quorum queue's count, of a message that it delivers again", () => {
    const rest = rawList({ headers: [textHeader("k", "v")] })
    expect(sentProperties({ properties, redelivered: true }, "quorum")).toEqual(rest)
    expect(sentProperties({ properties, redelivered: false }, "quorum")).toBe(properties)
  })

  test("is all that a classic queue delivers", () => {
    expect(sentProperties({ properties, redelivered: true }, "classic")).toBe(properties)
  })
})
