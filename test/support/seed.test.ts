import { expect, test } from "bun:test"
import { randomFrom, seeded } from "./seed.ts"

test("the same seed gives the same sequence, another seed another one", () => {
  const sequence = (seed: number) => {
    const random = randomFrom(seed)
    return Array.from({ length: 8 }, () => random.integer(1000))
  }
  expect(sequence(7)).toEqual(sequence(7))
  expect(sequence(7)).not.toEqual(sequence(8))
})

test(
  "integers are spread evenly and a shuffle keeps every item",
  seeded((random) => {
    const counts = [0, 0, 0, 0]
    for (let drawn = 0; drawn < 40_000; drawn++) counts[random.integer(4)]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(600)
    const items = Array.from({ length: 50 }, (_, index) => index)
    expect(random.shuffle(items).toSorted((a, b) => a - b)).toEqual(items)
  }),
)
