import { describe, expect, test } from "bun:test"
import { UnsettledAcks } from "../../../src/core/consume/unsettled-acks.ts"
import { randomFrom, seed } from "../../support/seed.ts"

describe("acks of which nothing shows that the queue has taken them", () => {
  test("are all, until a message comes that shows it", () => {
    const acks = new UnsettledAcks(3)
    for (const tag of [1, 2, 3]) acks.delivered(tag)
    acks.sent(1, 1)
    acks.sent(2, 3)
    expect(acks.count).toBe(3)
    acks.delivered(4)
    expect(acks.count).toBe(2)
    acks.delivered(5)
    expect(acks.count).toBe(2)
    acks.delivered(6)
    expect(acks.count).toBe(0)
  })

  test("are never fewer than a queue has yet to take, whatever comes when", () => {
    const random = randomFrom(seed)
    for (let round = 0; round < 200; round++) {
      const prefetch = 1 + random.integer(8)
      const acks = new UnsettledAcks(prefetch)
      const onTheirWay: { messages: number }[] = []
      let [delivered, acked, taken] = [0, 0, 0]
      for (let step = 0; step < 200; step++) {
        const choice = random.integer(3)
        if (choice === 0 && delivered - taken < prefetch) acks.delivered(++delivered)
        if (choice === 1 && acked < delivered) {
          const messages = 1 + random.integer(delivered - acked)
          acked += messages
          onTheirWay.push({ messages })
          acks.sent(1, acked)
        }
        if (choice === 2) taken += onTheirWay.shift()?.messages ?? 0
        expect(acks.count).toBeGreaterThanOrEqual(onTheirWay.length)
        // Nor is anything kept that can be known to be taken.
        expect(acks.count).toBeLessThanOrEqual(prefetch)
      }
    }
  })
})
