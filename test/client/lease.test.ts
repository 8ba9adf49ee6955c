import { expect, test } from "bun:test"
import { Lease } from "../../src/client/lease.ts"
import { until } from "../support/until.ts"

/** A lease of 50 ms on a clock that the test sets, which is looked at every 10 ms of real time. */
function begun() {
  const state = { nowMs: 0, asked: 0, ranOut: 0, certain: 0, answer: (_isThere: boolean) => {} }
  const lease = new Lease({
    lastsMs: 50,
    now: () => state.nowMs,
    ask: () => {
      state.asked += 1
      return new Promise<void>((resolve, reject) => {
        state.answer = (isThere) => (isThere ? resolve() : reject(new Error("lost")))
      })
    },
    certain: () => {
      state.certain += 1
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
  expect(lease.mayBegin).toBe(true)
  state.answer(true)
  await until(() => state.asked === 2, { what: "the next question" })
  state.nowMs = 90
  expect(lease.mayBegin).toBe(true)
  state.nowMs = 91
  expect(lease.mayBegin).toBe(false)
  expect([lease.mayBegin, state.ranOut, state.certain]).toEqual([false, 1, 0])
})

test("a lease that has run out stays so, whatever the broker answers later", async () => {
  const { lease, state } = begun()
  state.nowMs = 40
  await until(() => state.asked === 1, { what: "a question" })
  state.nowMs = 1_000
  state.answer(true)
  await until(() => state.ranOut === 1, { what: "its end" })
  expect([lease.mayBegin, state.certain]).toEqual([false, 0])
})

test("a broker that refuses an answer proves nothing", async () => {
  const { lease, state } = begun()
  state.nowMs = 30
  await until(() => state.asked === 1, { what: "a question" })
  state.answer(false)
  state.nowMs = 40
  await until(() => state.asked === 2, { what: "the next question" })
  state.nowMs = 51
  expect(lease.mayBegin).toBe(false)
})

test("a process that stood still asks at once, and is told when it may go on", async () => {
  const state = { nowMs: 0, certain: 0, answers: [] as (() => void)[] }
  const lease = new Lease({
    lastsMs: 100_000,
    now: () => state.nowMs,
    ask: () => new Promise<void>((resolve) => state.answers.push(resolve)),
    certain: () => {
      state.certain += 1
    },
    ranOut: () => {},
  })
  expect(lease.mayBegin).toBe(true)
  state.nowMs = 500
  expect([lease.mayBegin, lease.mayBegin, state.answers.length]).toEqual([false, false, 1])
  state.answers[0]!()
  await until(() => state.certain === 1, { what: "the answer to be heard" })
  expect(lease.mayBegin).toBe(true)
  lease.end()
})
