import { expect, test } from "bun:test"
import { type Progress, progressAfter } from "../../../src/core/clients/progress.ts"

const start: Progress = { channel: undefined, ackedCount: 0, sinceMs: 0 }
const [first, second] = [{}, {}]

test("a queue stands still from the last ack on, however many channels are opened meanwhile", () => {
  const opened = progressAfter(start, first, 0, 10)
  expect(opened.sinceMs).toBe(0)
  const acked = progressAfter(opened, first, 5, 20)
  expect(acked.sinceMs).toBe(20)
  const same = progressAfter(acked, first, 5, 30)
  const reopened = progressAfter(same, second, 0, 40)
  expect([same.sinceMs, reopened.sinceMs]).toEqual([20, 20])
})

test("an ack on a new channel is progress, even if there were more on the one before", () => {
  const acked = progressAfter(start, first, 5, 10)
  expect(progressAfter(acked, second, 1, 20).sinceMs).toBe(20)
})
