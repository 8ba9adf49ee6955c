import { expect, test } from "bun:test"
import { ReadPace } from "../src/read-pace.ts"

function paced() {
  let nowMs = 1_000
  const rests: number[] = []
  const turn: (() => void)[] = []
  const pace = new ReadPace({
    nowMs: () => nowMs,
    restMs: (ms) => {
      rests.push(ms)
      nowMs += ms
    },
    afterTurn: (call) => turn.push(call),
  })
  /** A turn that begins so much later, and reads so often. */
  const turnAfter = (ms: number, reads = 1, areMany = true) => {
    nowMs += ms
    for (let n = 0; n < reads; n++) pace.hasRead(() => areMany)
    for (const call of turn.splice(0)) call()
  }
  return { pace, rests, turn, turnAfter }
}

test("turns that follow each other closely are kept apart, others are not", () => {
  const { pace, rests, turnAfter } = paced()
  pace.keep(1)
  turnAfter(0)
  expect(rests).toEqual([])
  turnAfter(0.25)
  turnAfter(0.25)
  expect(rests).toEqual([0.75, 0.75])
  turnAfter(1)
  turnAfter(5)
  expect(rests).toHaveLength(2)
  turnAfter(0.5)
  expect(rests).toEqual([0.75, 0.75, 0.5])
})

test("a turn rests once, at its end, however often it reads", () => {
  const { pace, rests, turn, turnAfter } = paced()
  pace.keep(1)
  turnAfter(0)
  turnAfter(0.5, 11)
  expect(rests).toEqual([0.5])
  pace.hasRead(() => true)
  expect(rests).toEqual([0.5])
  expect(turn).toHaveLength(1)
})

test("what takes about as long as that by itself is not made longer", () => {
  const { pace, rests, turnAfter } = paced()
  pace.keep(1)
  turnAfter(0)
  turnAfter(0.97)
  turnAfter(3)
  expect(rests).toEqual([])
})

test("where little is on its way nothing rests", () => {
  const { pace, rests, turn, turnAfter } = paced()
  pace.keep(1)
  for (let n = 0; n < 10; n++) turnAfter(0.1, 2, false)
  expect([rests, turn]).toEqual([[], []])
  turnAfter(0.1)
  turnAfter(0.25)
  expect(rests).toEqual([0.75])
})

test("a process that has not asked for it never rests", () => {
  const { rests, turn, turnAfter } = paced()
  for (let n = 0; n < 10; n++) turnAfter(0.1)
  expect(rests).toEqual([])
  expect(turn).toEqual([])
})
