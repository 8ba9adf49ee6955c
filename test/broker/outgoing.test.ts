import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { Outgoing } from "../../src/broker/outgoing.ts"
import { bounds } from "../../src/core/bounds.ts"
import { ContentFrames, publishFrame } from "../../src/wire/frames.ts"
import { seed } from "../support/seed.ts"
import { until } from "../support/until.ts"

/** A socket that takes a batch whenever it is told to. */
function sending() {
  const batches: Buffer[] = []
  let taken: (() => void) | undefined
  const outgoing = new Outgoing((batch, sent) => {
    batches.push(Buffer.from(batch))
    taken = sent
  })
  const take = () => {
    const sent = taken
    taken = undefined
    sent?.()
  }
  return { outgoing, batches, take }
}

describe("what is to be sent", () => {
  test("in one turn of the event loop goes out as one batch, in order", async () => {
    const { outgoing, batches } = sending()
    outgoing.push(Uint8Array.of(1))
    await Promise.resolve()
    outgoing.push(Uint8Array.of(2))
    expect(batches).toEqual([])
    expect(outgoing.isSending).toBe(true)
    await until(() => batches.length === 1, { what: "a batch" })
    expect([...batches[0]!]).toEqual([1, 2])
  })

  test("waits while a batch is on its way, and is forgotten when the connection is", async () => {
    const { outgoing, batches, take } = sending()
    outgoing.push(Uint8Array.of(1))
    await until(() => batches.length === 1, { what: "a batch" })
    outgoing.push(Uint8Array.of(2))
    await Bun.sleep(0)
    expect(batches).toHaveLength(1)
    take()
    expect([...batches[1]!]).toEqual([2])
    take()
    expect(outgoing.isSending).toBe(false)
    outgoing.push(Uint8Array.of(3))
    outgoing.clear()
    await until(() => !outgoing.isSending, { what: "the turn to end" })
    expect(batches).toHaveLength(2)
  })

  test("is seen to be taken only while there is always more of it", async () => {
    const { outgoing, batches, take } = sending()
    const large = () => new Uint8Array(4 * bounds.receivedFrameBytesMax)
    outgoing.push(large())
    await until(() => batches.length === 1, { what: "a batch" })
    take()
    expect(outgoing.hasTakenSome()).toBe(false)
    expect(outgoing.hasTakenSome()).toBe(false)
    take()
    expect(outgoing.hasTakenSome()).toBe(true)
    // The last of it: what comes later is not more of it.
    for (let left = 0; left < 8; left++) take()
    expect(outgoing.isSending).toBe(false)
    const before = batches.length
    outgoing.push(large())
    await until(() => batches.length > before, { what: "a batch" })
    take()
    expect(outgoing.hasTakenSome()).toBe(false)
  })

  test("comes out byte for byte, whatever its size, in batches of a bounded one", async () => {
    const frames = fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 8 })
    const property = fc.asyncProperty(frames, async (sizes) => {
      const { outgoing, batches, take } = sending()
      const method = publishFrame(1, "q")
      const expected: Buffer[] = []
      for (const [index, size] of sizes.entries()) {
        const make = () =>
          new ContentFrames(1, method, new Uint8Array(2), new Uint8Array(size).fill(index), 131_072)
        const whole = Buffer.alloc(size + 1_000)
        const frames = make()
        let end = 0
        while (!frames.isWritten) end = frames.writeNext(whole, end)
        expected.push(whole.subarray(0, end), Buffer.of(index))
        outgoing.push(make())
        outgoing.push(Uint8Array.of(index))
      }
      await until(() => batches.length > 0, { what: "the first batch", intervalMs: 1 })
      while (outgoing.isSending) take()
      expect(Buffer.concat(batches).equals(Buffer.concat(expected))).toBe(true)
      const most = bounds.writeBatchBytes + bounds.receivedFrameBytesMax
      for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(most)
    })
    await fc.assert(property, { seed, numRuns: 30 })
  })
})
