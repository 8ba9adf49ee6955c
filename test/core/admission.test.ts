import { expect, test } from "bun:test"
import fc from "fast-check"
import { createAdmission, type Place } from "../../src/core/admission.ts"
import { bounds } from "../../src/core/bounds.ts"

const standing = () => 0

test("a message gets a place while there is one, and again once one has left", () => {
  const admission = createAdmission(2, 100, standing)
  const first = admission.enter(0)
  expect(admission.enter(0)).toBeDefined()
  expect(admission.enter(0)).toBeUndefined()
  first!.leave()
  expect(admission.enter(0)).toBeDefined()
})

test("announced bytes that would not fit are refused at once, and cost nothing when they would", () => {
  const admission = createAdmission(10, 100, standing)
  expect(admission.enter(101)).toBeUndefined()
  expect(admission.enter(100)).toBeDefined()
  expect(admission.bytes).toBe(0)
})

test("bytes that do not fit are not counted", () => {
  const admission = createAdmission(10, 100, standing)
  const place = admission.enter(0)!
  expect(place.grow(60)).toBe(true)
  expect(place.grow(41)).toBe(false)
  expect(admission.bytes).toBe(60)
  expect(place.grow(40)).toBe(true)
})

test("leaving twice gives back once, and nothing grows afterwards", () => {
  const admission = createAdmission(10, 100, standing)
  const stays = admission.enter(0)!
  stays.grow(5)
  const leaves = admission.enter(0)!
  leaves.grow(7)
  leaves.leave()
  leaves.leave()
  expect(leaves.grow(1)).toBe(false)
  expect([admission.messages, admission.bytes]).toEqual([1, 5])
})

test("where there is no room, a message that has been coming for long gives its place to another", () => {
  let nowMs = 0
  const admission = createAdmission(2, 100, () => nowMs)
  const evicted: string[] = []
  const slow = admission.enter(0)!
  slow.onEvicted = () => evicted.push("slow")
  slow.grow(50)
  const complete = admission.enter(0)!
  complete.onEvicted = () => evicted.push("complete")
  complete.complete()
  nowMs = bounds.httpBodyUndisturbedMs - 1
  expect(admission.enter(0)).toBeUndefined()
  nowMs += 1
  // What could never fit costs nobody a place.
  expect(admission.enter(101)).toBeUndefined()
  expect(evicted).toEqual([])
  const next = admission.enter(0)!
  expect(evicted).toEqual(["slow"])
  expect(slow.grow(1)).toBe(false)
  expect([admission.messages, admission.bytes]).toEqual([2, 0])
  nowMs += bounds.httpBodyUndisturbedMs
  expect(next.grow(100)).toBe(true)
  expect(evicted).toEqual(["slow"])
})

test("bytes get room from those that are still coming and began before the one that asks", () => {
  let nowMs = 0
  const admission = createAdmission(3, 100, () => nowMs)
  const evicted: number[] = []
  const places = [0, 1, 2].map((index) => {
    nowMs = index
    const place = admission.enter(0)!
    place.onEvicted = () => evicted.push(index)
    place.grow(30)
    return place
  })
  nowMs += bounds.httpBodyUndisturbedMs
  expect(places[1]!.grow(20)).toBe(true)
  expect(evicted).toEqual([0])
  // Were it to go for its own sake, nobody would have the room; what began later goes on.
  expect(places[1]!.grow(40)).toBe(false)
  expect(evicted).toEqual([0])
  expect([admission.messages, admission.bytes]).toEqual([2, 80])
  expect(places[2]!.grow(40)).toBe(true)
  expect(evicted).toEqual([0, 1])
  expect([admission.messages, admission.bytes]).toEqual([1, 70])
})

test("where all that could give way would not make room enough, none does", () => {
  let nowMs = 0
  const admission = createAdmission(10, 100, () => nowMs)
  const evicted: string[] = []
  const [complete, slow] = [admission.enter(0)!, admission.enter(0)!]
  complete.grow(60)
  complete.complete()
  slow.onEvicted = () => evicted.push("slow")
  slow.grow(20)
  nowMs = bounds.httpBodyUndisturbedMs
  expect(admission.enter(41)).toBeUndefined()
  const next = admission.enter(0)!
  expect(next.grow(41)).toBe(false)
  expect(evicted).toEqual([])
  expect(slow.grow(20)).toBe(true)
  expect(next.grow(40)).toBe(true)
  expect(evicted).toEqual(["slow"])
})

/** Two that have been coming for long: one without a byte, and one with all that there may be. */
function emptyAndSlow(messagesMax: number) {
  let nowMs = 0
  const admission = createAdmission(messagesMax, 100, () => nowMs)
  const evicted: string[] = []
  const [empty, slow] = [admission.enter(0)!, admission.enter(0)!]
  empty.onEvicted = () => evicted.push("empty")
  slow.onEvicted = () => evicted.push("slow")
  slow.grow(100)
  nowMs = bounds.httpBodyUndisturbedMs
  return { admission, evicted }
}

test("where bytes lack, one that has none is left alone; where a place lacks, it goes", () => {
  const { admission, evicted } = emptyAndSlow(3)
  const next = admission.enter(50)!
  expect(evicted).toEqual(["slow"])
  next.grow(50)
  admission.enter(0)
  expect(admission.enter(0)).toBeDefined()
  expect(evicted).toEqual(["slow", "empty"])
})

test("where both lack, one that has bytes goes and makes room for both", () => {
  const { admission, evicted } = emptyAndSlow(2)
  expect(admission.enter(50)).toBeDefined()
  expect(evicted).toEqual(["slow"])
})

test("whatever happens, the budget is kept, nothing goes for nothing, and it is whole at the end", () => {
  const step = fc.record({
    what: fc.constantFrom("enter", "grow", "leave", "complete", "wait"),
    which: fc.nat(20),
    bytes: fc.nat(80),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let nowMs = 0
      let evicted = 0
      const admission = createAdmission(5, 100, () => nowMs)
      const places: Place[] = []
      const enter = (bytes: number) => {
        const entered = admission.enter(bytes)
        if (entered === undefined) return false
        entered.onEvicted = () => {
          evicted += 1
        }
        places.push(entered)
        return true
      }
      enter(0)
      for (const { what, which, bytes } of steps) {
        const place = places[which % places.length]!
        const evictedBefore = evicted
        let isServed = true
        if (what === "grow") isServed = place.grow(bytes)
        else if (what === "leave") place.leave()
        else if (what === "complete") place.complete()
        else if (what === "wait") nowMs += bytes * 50
        else isServed = enter(bytes)
        if (!isServed) expect(evicted).toBe(evictedBefore)
        expect(admission.messages).toBeLessThanOrEqual(5)
        expect(admission.bytes).toBeLessThanOrEqual(100)
      }
      for (const place of places) place.leave()
      expect([admission.messages, admission.bytes]).toEqual([0, 0])
    }),
  )
})
