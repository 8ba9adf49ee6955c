import { expect, test } from "bun:test"
import fc from "fast-check"
import { Fifo } from "../../src/core/fifo.ts"
import { seed } from "../support/seed.ts"
import { until } from "../support/until.ts"

test("a fifo does what an array does, also far beyond its compaction", () => {
  const step = fc.oneof(
    fc.record({ push: fc.nat(400) }),
    fc.record({ shift: fc.nat(400) }),
    fc.record({ keepEvery: fc.integer({ min: 2, max: 4 }) }),
  )
  const property = fc.property(fc.array(step, { maxLength: 20, size: "max" }), (steps) => {
    const fifo = new Fifo<number>()
    let plain: number[] = []
    let count = 0
    for (const each of steps) {
      if ("push" in each) {
        for (let i = 0; i < each.push; i++) {
          fifo.push(count)
          plain.push(count)
          count += 1
        }
      } else if ("shift" in each) {
        for (let i = 0; i < each.shift; i++) expect(fifo.shift()).toBe(plain.shift())
      } else {
        plain = plain.filter((item) => item % each.keepEvery === 0)
        fifo.replace([...plain])
      }
      expect(fifo.size).toBe(plain.length)
      expect(fifo.peek()).toBe(plain[0])
      expect(fifo.toArray()).toEqual(plain)
    }
  })
  fc.assert(property, { seed, numRuns: 100 })
})

test("what was shifted out of a fifo is not kept by it", async () => {
  const fifo = new Fifo<object>()
  const gone = Array.from({ length: 100 }, () => {
    const item = { large: true }
    fifo.push(item)
    return new WeakRef(item)
  })
  while (fifo.size > 0) fifo.shift()
  await until(
    () => {
      Bun.gc(true)
      // The last few may still be on the stack.
      return gone.filter((item) => item.deref() !== undefined).length < 10
    },
    { what: "them to be collected" },
  )
  expect(fifo.size).toBe(0)
})
