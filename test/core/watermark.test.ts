import { expect, test } from "bun:test"
import fc from "fast-check"
import { Watermark } from "../../src/core/watermark.ts"
import { seed } from "../support/seed.ts"

test("the watermark rises to the first gap, whatever the order and however often", () => {
  const property = fc.property(fc.array(fc.integer({ min: 0, max: 30 })), (tags) => {
    const watermark = new Watermark()
    const settled = new Set<number>()
    let before = 0
    for (const tag of tags) {
      const rose = watermark.settle(tag)
      settled.add(tag)
      let top = 0
      while (settled.has(top + 1)) top += 1
      expect(watermark.top).toBe(top)
      expect(rose).toBe(top > before)
      expect(watermark.ahead).toBe([...settled].filter((each) => each > top).length)
      before = top
    }
  })
  fc.assert(property, { seed, numRuns: 500 })
})

test("nothing is remembered of what lies below the watermark", () => {
  const watermark = new Watermark()
  for (let tag = 100_000; tag >= 1; tag--) watermark.settle(tag)
  expect(watermark.top).toBe(100_000)
  expect(watermark.ahead).toBe(0)
})

test("a long line of tags that settle in any order of their neighbours is followed to its end", () => {
  const jumps = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 5_000, maxLength: 5_000 })
  const property = fc.property(jumps, (delays) => {
    const watermark = new Watermark()
    const order = delays.map((delay, n) => ({ tag: n + 1, at: n + delay }))
    order.sort((a, b) => a.at - b.at)
    const settled = new Uint8Array(delays.length + 2)
    let top = 0
    for (const { tag } of order) {
      settled[tag] = 1
      while (settled[top + 1] === 1) top += 1
      watermark.settle(tag)
      expect(watermark.top).toBe(top)
    }
    expect(watermark.top).toBe(delays.length)
    expect(watermark.ahead).toBe(0)
  })
  fc.assert(property, { seed, numRuns: 10 })
})
