import { expect, test } from "bun:test"
import { Lease } from "../../src/client/lease.ts"
import { until } from "../support/until.ts"

/** A lease of 50 ms on a clock that the test sets, and on which it is asked every 10 ms of real time. */
function begun() {
  const state = { nowMs: 0, asked: 0, ranOut: 0, answer: (_isThere: boolean) => {} }
  const lease = new Lease({
    lastsMs: 50,
    now: () => state.nowMs,
    ask: () => {
      state.asked += 1
      return new Promise<void>((resolve, reject) => {
        state.answer = (isThere) => (isThere ? resolve() : reject(new Error("lost")))
      })
    },
    ranOut: () => {
      state.ranOut += 1
    },
  })
  return { lease, state }
}

test("a lease lasts from when the broker was asked, not from when it answered", async () => {
  const { lease, state } = begun()
  state.nowMs = 40
  await until(() => state.asked === 1, { what: "a question" })
  state.nowMs = 50
  expect(lease.lasts).toBe(true)
  state.answer(true)
  await until(() => state.asked === 2, { what: "the next question" })
  state.nowMs = 90
  expect(lease.lasts).toBe(true)
  state.nowMs = 91
  expect(lease.lasts).toBe(false)
  expect([lease.lasts, state.ranOut]).toEqual([false, 1])
})

test("a lease that has run out stays so, whatever the broker answers later", async () => {
  const { lease, state } = begun()
  await until(() => state.asked === 1, { what: "a question" })
  state.nowMs = 1_000
  state.answer(true)
  await until(() => state.ranOut === 1, { what: "its end" })
  expect(lease.lasts).toBe(false)
})

test("a broker that refuses an answer proves nothing", async () => {
  const { lease, state } = begun()
  state.nowMs = 40
  await until(() => state.asked === 1, { what: "a question" })
  state.answer(false)
  await until(() => state.asked === 2, { what: "the next question" })
  state.nowMs = 51
  expect(lease.lasts).toBe(false)
})
