import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { backoffDelayMs } from "../../src/core/backoff.ts"
import { seed } from "../support/seed.ts"

describe("the wait before the next try", () => {
  test("doubles up to its maximum", () => {
    const backoff = { firstMs: 100, maxMs: 1_000 }
    const waits = [1, 2, 3, 4, 5, 6].map((failures) => backoffDelayMs(backoff, failures, 0))
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  test("lies between half of the full wait and all of it, after any number of failures", () => {
    const backoff = fc.record({
      firstMs: fc.integer({ min: 1, max: 10_000 }),
      maxMs: fc.integer({ min: 1, max: 60_000 }),
    })
    const failures = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(1e9))
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    const property = fc.property(backoff, failures, random, (given, count, chance) => {
      const full = Math.min(given.maxMs, given.firstMs * 2 ** (count - 1))
      const delayMs = backoffDelayMs(given, count, chance)
      expect(delayMs).toBeGreaterThan(full / 2 - 1e-9)
      expect(delayMs).toBeLessThanOrEqual(full)
    })
    fc.assert(property, { seed, numRuns: 500 })
  })
})
