import { expect, test } from "bun:test"
import { ReadPace } from "../src/read-pace.ts"

function paced() {
  let nowMs = 1_000
  const rests: number[] = []
  const pace = new ReadPace({
    nowMs: () => nowMs,
    restMs: (ms) => {
      rests.push(ms)
      nowMs += ms
    },
  })
  const readAfter = (ms: number) => {
    nowMs += ms
    pace.hasRead()
  }
  return { pace, rests, readAfter }
}

test("reads that follow each other closely are kept apart, others are not", () => {
  const { pace, rests, readAfter } = paced()
  pace.keep(1)
  readAfter(0)
  expect(rests).toEqual([])
  readAfter(0.25)
  readAfter(0.25)
  expect(rests).toEqual([0.75, 0.75])
  readAfter(1)
  readAfter(5)
  expect(rests).toHaveLength(2)
  readAfter(0.5)
  expect(rests).toEqual([0.75, 0.75, 0.5])
})

test("what takes about as long as that by itself is not made longer", () => {
  const { pace, rests, readAfter } = paced()
  pace.keep(1)
  readAfter(0)
  readAfter(0.97)
  readAfter(3)
  expect(rests).toEqual([])
})

test("a process that has not asked for it never rests", () => {
  const { rests, readAfter } = paced()
  for (let n = 0; n < 10; n++) readAfter(0.1)
  expect(rests).toEqual([])
})
