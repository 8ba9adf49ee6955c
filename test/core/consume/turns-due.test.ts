import { describe, expect, test } from "bun:test"
import { turnsDue } from "../../../src/core/consume/turns-due.ts"
import { type Random, seeded } from "../../support/seed.ts"

const pauseMs = 8
const spreadMs = 250

/** How many are begun with in each turn, where a pause may last longer than it should. */
function turns(waiting: number, lateMs: () => number): readonly number[] {
  const begun: number[] = []
  for (let nowMs = 0, left = waiting; left > 0; nowMs += pauseMs + lateMs()) {
    const count = turnsDue(left, spreadMs - nowMs, pauseMs)
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThanOrEqual(left)
    begun.push(count)
    left -= count
    // With the first turn that comes too late all that is left is begun with.
    if (nowMs > spreadMs) expect(left).toBe(0)
  }
  return begun
}

function simulate(random: Random): void {
  const waiting = 1 + random.integer(random.pick([32, 4096]))
  const begun = turns(waiting, () => (random.integer(8) === 0 ? random.integer(300) : 0))
  expect(begun.reduce((sum, count) => sum + count, 0)).toBe(waiting)
}

describe("partitions that wait to be given back", () => {
  test("have their turns one by one where there is time for that", () => {
    for (let waiting = 1; waiting <= 31; waiting++) {
      expect(turns(waiting, () => 0)).toEqual(Array(waiting).fill(1))
    }
  })

  test("share turns evenly where they are many", () => {
    for (const waiting of [32, 64, 1000, 4096]) {
      const begun = turns(waiting, () => 0)
      expect(begun.length).toBeLessThanOrEqual(31)
      expect(Math.max(...begun) - Math.min(...begun)).toBeLessThanOrEqual(1)
    }
  })

  test(
    "are all begun with in time, however late a turn comes",
    seeded((random) => {
      for (let round = 0; round < 1_000; round++) simulate(random)
    }),
  )
})
