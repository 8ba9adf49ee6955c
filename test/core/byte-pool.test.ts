import { expect, test } from "bun:test"
import { BytePool } from "../../src/core/byte-pool.ts"
import { seeded } from "../support/seed.ts"

const bytesMax = 10_000
const messageBytes = 10

test("those that stand still with all that they may have leave room for others", () => {
  const pool = new BytePool(bytesMax, 1 / 8)
  let least = bytesMax
  for (let still = 1; still <= 20; still++) {
    const share = pool.share()
    while (share.hasRoom()) share.take(messageBytes)
    least = (8 / 9) * least - messageBytes
    expect(pool.free).toBeGreaterThanOrEqual(least)
  }
})

test("one that has nothing has room for one message, whatever others have", () => {
  const pool = new BytePool(bytesMax, 1 / 8)
  pool.share().take(5 * bytesMax)
  const share = pool.share()
  expect(share.hasRoom()).toBe(true)
  share.take(messageBytes)
  expect(share.hasRoom()).toBe(false)
  share.give(messageBytes)
  expect(share.hasRoom()).toBe(true)
})

test(
  "all is free again once everything is given back, and never overdrawn by more than one message each",
  seeded((random) => {
    const messageBytesMax = 3_000
    const pool = new BytePool(bytesMax, 1 / 8)
    const shares = Array.from({ length: 8 }, () => ({ share: pool.share(), had: [] as number[] }))
    for (let step = 0; step < 5_000; step++) {
      const { share, had } = random.pick(shares)
      if (random.next() < 0.6 && share.hasRoom()) {
        const bytes = random.integer(messageBytesMax)
        share.take(bytes)
        had.push(bytes)
      } else if (had.length > 0) share.give(had.shift()!)
      expect(pool.free).toBeGreaterThan(-messageBytesMax * shares.length)
    }
    for (const { share, had } of shares) for (const bytes of had) share.give(bytes)
    expect(pool.free).toBe(bytesMax)
  }),
)
