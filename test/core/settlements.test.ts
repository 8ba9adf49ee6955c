import { describe, expect, test } from "bun:test"
import { Outbox } from "../../src/core/outbox.ts"
import type { Letter, Parcel, ParcelResult } from "../../src/core/parcel.ts"
import { groupStats } from "../../src/core/stats.ts"

function twoLanes() {
  const sent: Parcel[] = []
  const outbox = new Outbox({
    publish: (parcel) => sent.push(parcel),
    backOff: () => {},
    gather: () => {},
  })
  const backoff = { firstMs: 1, maxMs: 1 }
  const options = { mayRefuse: false, returnsMax: 3, backoff, random: () => 0 }
  const lane = (queue: string) => outbox.addLane({ ...options, queue, stats: groupStats() })
  const [a, b] = [lane("a"), lane("b")]
  outbox.opened()
  // The first of each lane is confirmed before any other is sent.
  a.offer(letter())
  b.offer(letter())
  outbox.confirmed(2, true)
  sent.length = 0
  return { outbox, a, b, sent }
}

function letter(settled: (result: ParcelResult) => void = () => {}): Letter {
  return {
    ...{ properties: new Uint8Array(2), body: new Uint8Array(0), orderKey: "k", persistent: true },
    settled: (_, result) => settled(result),
  }
}

/**
 * One of each lane is on its way, and the owner of a's gives it up, so that it settles with what comes of
 * it. Returns what that owner is told.
 */
function onTheirWay({ a, b }: ReturnType<typeof twoLanes>, told: () => void): ParcelResult[] {
  const results: ParcelResult[] = []
  const given = a.offer(
    letter((result) => {
      results.push(result)
      told()
    }),
  )
  b.offer(letter())
  a.abandon(given)
  return results
}

describe("an owner that offers more as soon as it is told", () => {
  test("finds a lane stopped that the same frame has stopped", () => {
    const lanes = twoLanes()
    const { outbox, b, sent } = lanes
    const results = onTheirWay(lanes, () => b.offer(letter()))
    expect(sent).toHaveLength(2)
    outbox.refused(4, true)
    expect(results).toEqual(["refused"])
    // Before the one that was refused is sent again, nothing may follow it.
    expect(sent).toHaveLength(2)
    expect(b.size).toBe(2)
  })

  test("finds all lanes closed when the channel is", () => {
    const lanes = twoLanes()
    const { outbox, a, b, sent } = lanes
    const results = onTheirWay(lanes, () => {
      a.offer(letter())
      b.offer(letter())
    })
    outbox.closed({ kind: "lost" })
    expect(results).toEqual(["lost"])
    expect(sent).toHaveLength(2)
    expect([a.state, b.state]).toEqual(["closed", "closed"])
    expect([a.size, b.size]).toEqual([1, 2])
  })
})
