import { describe, expect, test } from "bun:test"
import { AckPlan, type Acks } from "../../../src/core/consume/ack-plan.ts"
import { type Random, seeded } from "../../support/seed.ts"

/** A channel as a broker keeps it: an ack that names what is not unacked costs the channel. */
class Unacked {
  readonly #tags: Set<number>

  constructor(count: number) {
    this.#tags = new Set(Array.from({ length: count }, (_, at) => at + 1))
  }

  get size(): number {
    return this.#tags.size
  }

  take({ upTo, single }: Acks, handled: ReadonlySet<number>): void {
    if (upTo !== undefined) {
      expect(this.#tags).toContain(upTo)
      for (const tag of this.#tags) if (tag <= upTo) this.#ack(tag, handled)
    }
    for (const tag of single) this.#ack(tag, handled)
  }

  #ack(tag: number, handled: ReadonlySet<number>): void {
    expect(handled).toContain(tag)
    expect(this.#tags.delete(tag)).toBe(true)
  }
}

function simulate(random: Random, count: number): void {
  const plan = new AckPlan()
  const unacked = new Unacked(count)
  const handled = new Set<number>()
  const order = Array.from({ length: count }, (_, at) => at + 1)
  // Roughly in order, as concurrent work is.
  while (order.length > 0) {
    const [tag] = order.splice(random.integer(Math.min(order.length, 8)), 1)
    handled.add(tag!)
    plan.handled(tag!)
    if (random.integer(4) === 0) unacked.take(plan.take(random.integer(3)), handled)
  }
  unacked.take(plan.take(), handled)
  expect([unacked.size, plan.heldBack, plan.isOwing]).toEqual([0, 0, false])
}

describe("what is acked", () => {
  test(
    "is handled, is named once, and is everything in the end",
    seeded((random) => {
      for (let round = 0; round < 500; round++) simulate(random, 1 + random.integer(60))
    }),
  )

  test("is everything up to the first that is not handled, and more only on demand", () => {
    const plan = new AckPlan()
    for (const tag of [1, 2, 4, 5]) plan.handled(tag)
    expect(plan.take()).toEqual({ upTo: 2, single: [] })
    expect(plan.heldBack).toBe(2)
    expect(plan.take(1)).toEqual({ single: [4] })
    plan.handled(3)
    expect(plan.take()).toEqual({ upTo: 5, single: [] })
  })

  test("is not named again by the ack that covers it", () => {
    const plan = new AckPlan()
    for (const tag of [2, 3]) plan.handled(tag)
    expect(plan.take(5)).toEqual({ single: [2, 3] })
    plan.handled(1)
    expect(plan.take()).toEqual({ upTo: 1, single: [] })
  })
})
