import { expect, test } from "bun:test"
import { type Due, DueQueue } from "../../../src/core/pull/due-queue.ts"
import { randomFrom, seed } from "../../support/seed.ts"

test(`items come by their times, however they are moved and removed (seed ${seed})`, () => {
  const random = randomFrom(seed)
  const queue = new DueQueue<Due>()
  const items: Due[] = Array.from({ length: 50 }, () => ({ dueMs: 0, duePlace: -1 }))
  const inside = new Map<Due, number>()
  for (let step = 0; step < 20_000; step++) {
    const item = random.pick(items)
    const nowMs = random.integer(1_000)
    switch (random.integer(4)) {
      case 0:
        queue.delete(item)
        inside.delete(item)
        break
      case 1: {
        const first = Math.min(...inside.values())
        const shifted = queue.shift(nowMs)
        if (inside.size === 0 || first > nowMs) expect(shifted).toBeUndefined()
        else {
          expect(shifted?.dueMs).toBe(first)
          expect(inside.delete(shifted!)).toBe(true)
        }
        break
      }
      default:
        queue.set(item, nowMs)
        inside.set(item, nowMs)
    }
    expect(queue.size).toBe(inside.size)
    expect(queue.nextMs).toBe(inside.size === 0 ? undefined : Math.min(...inside.values()))
  }
})
