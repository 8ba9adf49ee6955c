import { describe, expect, test } from "bun:test"
import { KeyedQueue, type Keys, type Place } from "../../../src/core/consume/keyed-queue.ts"
import { type Random, seeded } from "../../support/seed.ts"

const conflict = (a: Keys, b: Keys): boolean =>
  a === "alone" || b === "alone" || a.some((key) => b.includes(key))

/** Runs a queue by chance, and checks after every step what has to hold. */
function simulate(random: Random, messages: number): void {
  const queue = new KeyedQueue<number>()
  const keys: Keys[] = []
  const running = new Set<Place<number>>()
  const pausing = new Set<Place<number>>()
  const finished = new Set<number>()

  const someKeys = (): Keys => {
    if (random.integer(12) === 0) return "alone"
    return Array.from({ length: random.integer(4) % 3 }, () => `k${random.integer(6)}`)
  }

  /** It may not start before any that came earlier and shares a key is over. */
  const start = (place: Place<number>) => {
    for (let earlier = 0; earlier < place.item; earlier++) {
      if (conflict(keys[earlier]!, keys[place.item]!)) expect(finished).toContain(earlier)
    }
    for (const other of [...running, ...pausing]) {
      expect(conflict(other.keys, keys[place.item]!)).toBe(false)
    }
    running.add(place)
  }

  const steps = [
    () => {
      if (keys.length === messages) return
      const item = keys.push(someKeys()) - 1
      queue.push(item, keys[item]!)
    },
    () => {
      const place = queue.take()
      if (place !== undefined) start(place)
      else if (running.size + pausing.size === 0) expect(queue.size).toBe(0)
    },
    () => {
      if (running.size === 0) return
      const place = random.pick([...running])
      running.delete(place)
      if (random.integer(4) === 0) pausing.add(place)
      else {
        finished.add(place.item)
        queue.finish(place)
      }
    },
    () => {
      if (pausing.size === 0) return
      const place = random.pick([...pausing])
      pausing.delete(place)
      queue.retry(place)
      // It goes first, so that it is not taken for another that shares its keys.
      const again = queue.take()!
      expect(again).toBe(place)
      start(again)
    },
  ]
  while (finished.size < messages) {
    random.pick(steps)()
    expect(queue.size).toBe(keys.length - finished.size)
  }
}

describe("a keyed queue", () => {
  test(
    "runs those that share a key one by one in their order, all others side by side, and all in the end",
    seeded((random) => {
      for (let round = 0; round < 300; round++) simulate(random, 1 + random.integer(60))
    }),
  )

  test("runs every key at once, whatever others do", () => {
    const queue = new KeyedQueue<string>()
    for (const item of ["a1", "a2", "b1", "c1", "b2"]) queue.push(item, [item[0]!])
    const first = [queue.take(), queue.take(), queue.take()].map((place) => place!.item)
    expect(first).toEqual(["a1", "b1", "c1"])
    expect(queue.take()).toBeUndefined()
  })

  test("holds a key while one of its messages is to be tried again, and no other key", () => {
    const queue = new KeyedQueue<string>()
    for (const item of ["a1", "a2", "b1"]) queue.push(item, [item[0]!])
    const failed = queue.take()!
    expect(queue.take()!.item).toBe("b1")
    expect(queue.take()).toBeUndefined()
    queue.retry(failed)
    expect(queue.take()).toBe(failed)
    queue.finish(failed)
    expect(queue.take()!.item).toBe("a2")
  })
})
