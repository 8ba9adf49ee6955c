import { expect, test } from "bun:test"
import fc from "fast-check"
import { ByteBudget } from "../../src/core/byte-budget.ts"
import { seed } from "../support/seed.ts"

test("a budget says when it is used up and when half of it is free again, in turns", () => {
  const said: string[] = []
  const budget = new ByteBudget({
    bytesMax: 10,
    exhausted: () => said.push("exhausted"),
    relieved: () => said.push("relieved"),
  })
  budget.take(9)
  expect(said).toEqual([])
  budget.take(1)
  budget.take(100)
  expect(said).toEqual(["exhausted"])
  budget.give(104)
  expect(said).toEqual(["exhausted"])
  budget.give(1)
  budget.give(5)
  expect(said).toEqual(["exhausted", "relieved"])
  expect(budget.used).toBe(0)
})

test("whatever is taken and given, it is exhausted from the limit down to half of it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 })), (sizes) => {
      let isExhausted = false
      const budget = new ByteBudget({
        bytesMax: 50,
        exhausted: () => {
          expect(isExhausted).toBe(false)
          isExhausted = true
        },
        relieved: () => {
          expect(isExhausted).toBe(true)
          isExhausted = false
        },
      })
      const held: number[] = []
      for (const [at, size] of sizes.entries()) {
        if (at % 3 === 2) budget.give(held.shift() ?? 0)
        else {
          held.push(size)
          budget.take(size)
        }
        expect(budget.used).toBe(held.reduce((sum, each) => sum + each, 0))
        expect(budget.isExhausted).toBe(isExhausted)
        if (budget.used >= 50) expect(isExhausted).toBe(true)
        if (budget.used <= 25) expect(isExhausted).toBe(false)
      }
    }),
    { seed },
  )
})
