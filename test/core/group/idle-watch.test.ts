import { expect, test } from "bun:test"
import { IdleWatch, type QueueSample } from "../../../src/core/group/idle-watch.ts"

const sample = (messages: number, consumers: number, confirmed: number, inFlight = 0) => ({
  ...{ messages, consumers },
  given: { confirmed, inFlight },
})

/** Since when the last of these samples, a second apart, is idle, and why. */
function watched(...samples: QueueSample[]) {
  const watch = new IdleWatch()
  let last: unknown
  for (const [second, each] of samples.entries()) {
    const [idle] = watch.look([each], second * 1_000)
    last = idle && [idle.reason, idle.sinceMs]
  }
  return last
}

test("a queue with messages and without consumers is idle since it was first seen so", () => {
  expect(watched(sample(5, 0, 5), sample(5, 0, 5), sample(9, 0, 9))).toEqual(["unconsumed", 0])
  expect(watched(sample(0, 0, 5), sample(1, 0, 6))).toEqual(["unconsumed", 1_000])
  expect(watched(sample(5, 1, 5), sample(5, 0, 5))).toEqual(["unconsumed", 1_000])
})

const unknown = { given: { confirmed: 5, inFlight: 0 } }

test("a queue that is empty, or of which nothing was ever known, is not idle", () => {
  expect(watched(sample(5, 0, 5), sample(0, 0, 5))).toBeUndefined()
  expect(watched(unknown, unknown)).toBeUndefined()
})

test("a queue that stood still does so until the broker says otherwise, however long it is away", () => {
  expect(watched(sample(5, 0, 5), unknown, unknown)).toEqual(["unconsumed", 0])
  expect(watched(sample(5, 0, 5), unknown, sample(5, 0, 5))).toEqual(["unconsumed", 0])
  expect(watched(sample(5, 0, 5), unknown, sample(4, 0, 5))).toEqual(["unconsumed", 2_000])
  expect(watched(sample(5, 0, 5), unknown, sample(5, 1, 5))).toEqual(["undelivered", 2_000])
  expect(watched(sample(5, 0, 5), unknown, sample(0, 0, 5))).toBeUndefined()
})

test("a queue whose consumers take nothing is idle, however many messages come", () => {
  expect(watched(sample(5, 1, 5), sample(5, 2, 5))).toEqual(["undelivered", 0])
  expect(watched(sample(5, 1, 5), sample(15, 1, 15), sample(25, 1, 25))).toEqual(["undelivered", 0])
})

test("a queue of which less than that comes to lie is being consumed, however much it grows", () => {
  expect(watched(sample(5, 1, 5), sample(14, 1, 15))).toEqual(["undelivered", 1_000])
  expect(watched(sample(5, 1, 5), sample(4, 1, 5))).toEqual(["undelivered", 1_000])
})

test("what was on its way when it was looked at may have been counted already", () => {
  expect(watched(sample(8, 1, 5, 3), sample(8, 1, 8))).toEqual(["undelivered", 0])
  expect(watched(sample(8, 1, 5, 3), sample(7, 1, 8))).toEqual(["undelivered", 1_000])
})

test("partitions are told apart, and told in their order", () => {
  const watch = new IdleWatch()
  watch.look([sample(1, 0, 1), sample(1, 1, 1), sample(0, 1, 0)], 0)
  const idle = watch.look([sample(2, 0, 2), sample(0, 1, 1), sample(3, 1, 3)], 1_000)
  expect(idle.map(({ partition, sinceMs }) => [partition, sinceMs])).toEqual([
    [0, 0],
    [2, 1_000],
  ])
})
