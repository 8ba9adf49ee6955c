import { expect, test } from "bun:test"
import { Timeouts } from "../src/timeouts.ts"
import { until } from "./support/until.ts"

test("those that are not stopped are over after their time, the oldest first, once each", async () => {
  const timeouts = new Timeouts(30)
  const over: [number, number][] = []
  const startedMs: number[] = []
  const start = (n: number) => {
    startedMs[n] = performance.now()
    return timeouts.start(() => over.push([n, performance.now()]))
  }
  start(0)
  const stopped = start(1)
  start(2)
  timeouts.stop(stopped)
  await Bun.sleep(10)
  start(3)
  await until(() => over.length === 3, { what: "three timeouts", intervalMs: 1 })
  expect(over.map(([n]) => n)).toEqual([0, 2, 3])
  for (const [n, atMs] of over) expect(atMs - startedMs[n]!).toBeGreaterThanOrEqual(30)
  start(4)
  await until(() => over.length === 4, { what: "one that starts after a lull" })
})

test("one that starts another when it is over delays none of the older ones", async () => {
  const timeouts = new Timeouts(40)
  const over: string[] = []
  timeouts.start(() => {
    over.push("first")
    timeouts.start(() => over.push("last"))
  })
  await Bun.sleep(10)
  timeouts.start(() => over.push("second"))
  await until(() => over.length === 3, { what: "all", intervalMs: 1 })
  expect(over).toEqual(["first", "second", "last"])
})

test("a time that no timer knows is waited for all the same", async () => {
  const timeouts = new Timeouts(2 ** 32)
  let isOver = false
  const timeout = timeouts.start(() => {
    isOver = true
  })
  const marked = Promise.withResolvers<void>()
  new Timeouts(20).start(marked.resolve)
  await marked.promise
  expect(isOver).toBe(false)
  timeouts.stop(timeout)
})

test("one may start others, and stop them, when it is over", async () => {
  const timeouts = new Timeouts(5)
  const over: string[] = []
  const other = { first: timeouts.start(() => {}) }
  timeouts.stop(other.first)
  timeouts.start(() => {
    over.push("first")
    timeouts.stop(second)
    timeouts.start(() => over.push("third"))
  })
  const second = timeouts.start(() => over.push("second"))
  await until(() => over.includes("third"), { what: "the last" })
  expect(over).toEqual(["first", "third"])
})

test("all may be ended before their time, once each, and what starts then has its own", () => {
  const timeouts = new Timeouts(60_000)
  const over: string[] = []
  const first = timeouts.start(() => {
    over.push("first")
    timeouts.stop(third)
    timeouts.start(() => over.push("late"))
  })
  timeouts.start(() => over.push("second"))
  const third = timeouts.start(() => over.push("third"))
  expect(timeouts.isRunning(first)).toBe(true)
  timeouts.endAll()
  expect(over).toEqual(["first", "second"])
  expect([first, third].map((timeout) => timeouts.isRunning(timeout))).toEqual([false, false])
})
