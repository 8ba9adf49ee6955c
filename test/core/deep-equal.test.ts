import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { deepEqual } from "../../src/core/deep-equal.ts"
import { seed } from "../support/seed.ts"

describe("deepEqual", () => {
  test("holds for every JSON value and its copy, whatever the order of fields", () => {
    const property = fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      // JSON has no negative zero.
      const plain: unknown = JSON.parse(JSON.stringify(value))
      expect(deepEqual(plain, JSON.parse(JSON.stringify(plain), reversedFields))).toBe(true)
    })
    fc.assert(property, { seed, numRuns: 300 })
  })

  test("tells different JSON values apart, as their text does", () => {
    const small = fc.jsonValue({ maxDepth: 1 })
    const property = fc.property(small, small, (one, other) => {
      const [a, b]: unknown[] = [one, other].map((each) => JSON.parse(JSON.stringify(each)))
      expect(deepEqual(a, b)).toBe(Bun.deepEquals(a, b, true))
    })
    fc.assert(property, { seed, numRuns: 1000 })
  })

  for (const [one, other] of [
    [1, "1"],
    [0, false],
    [null, undefined],
    [null, {}],
    [[], {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: { b: [1] } }, { a: { b: [2] } }],
    [{ toString: 1 }, {}],
  ] as const) {
    test(`${JSON.stringify(one)} is not ${JSON.stringify(other)}`, () => {
      expect(deepEqual(one, other)).toBe(false)
      expect(deepEqual(other, one)).toBe(false)
    })
  }

  test("takes a field that is undefined for one that is absent", () => {
    expect(deepEqual({ a: 1, b: undefined }, { a: 1 })).toBe(true)
  })
})

function reversedFields(_name: string, value: unknown): unknown {
  const isTable = typeof value === "object" && value !== null && !Array.isArray(value)
  return isTable ? Object.fromEntries(Object.entries(value).reverse()) : value
}
