import { describe, expect, test } from "bun:test"
import { Leases } from "../../../src/core/pull/leases.ts"
import { seeded } from "../../support/seed.ts"
import { SimulatedPull } from "./simulated-pull.ts"

const rules = { deliveriesMax: 3, lostMax: 100 }

function create({ deliveriesMax = 3, lostMax = 100 } = {}) {
  const leases = new Leases<string>({ deliveriesMax, lostMax })
  return {
    leases,
    arrive: (message: string, ...keys: string[]) =>
      leases.arrived({ partition: 0, message, bytes: message.length, keys }),
    take: (nowMs: number, { max = 10, bytesMax = 1_000, consumer = "c" } = {}) =>
      leases.take({ consumer, max, bytesMax, visibilityTimeoutMs: 100 }, nowMs),
  }
}
const messages = (taken: readonly { message: string }[]) => taken.map(({ message }) => message)

describe("whatever consumers do, and however often channels go", () => {
  test(
    "keys keep their order and go to one at a time, stale leases are refused, nothing is lost or starves",
    seeded((random) => {
      const total = { given: 0, expired: 0, lost: 0, stale: 0, dead: 0 }
      for (let run = 0; run < 150; run++) {
        const pull = new SimulatedPull(random)
        for (let step = 0; step < 300; step++) {
          const { publish, take, ack, nack, extend, bury, lose } = pull
          const acts = [publish, publish, publish, take, take, take, ack, ack, nack, extend, bury]
          if (random.integer(40) === 0) lose.call(pull)
          else random.pick(acts).call(pull)
          if (random.integer(3) === 0) pull.pass(random.integer(30))
        }
        pull.finish()
        for (const name of Object.keys(total) as (keyof typeof total)[]) {
          total[name] += pull.seen[name]
        }
      }
      for (const count of Object.values(total)) expect(count).toBeGreaterThan(500)
    }),
    20_000,
  )
})

describe("a message", () => {
  test("is given out with the oldest of other keys, and before a second of its own", () => {
    const { arrive, take, leases } = create()
    for (const [message, key] of [
      ["a1", "a"],
      ["a2", "a"],
      ["b1", "b"],
    ] as const) {
      arrive(message, key)
    }
    const [a1, b1] = take(0)
    expect([a1, b1].map((lease) => lease?.message)).toEqual(["a1", "b1"])
    expect(take(0)).toEqual([])
    expect(leases.ack(a1!.number, 1)).toBe("a1")
    expect(messages(take(1))).toEqual(["a2"])
  })

  test("without a key waits for nobody", () => {
    const { arrive, take } = create()
    for (const message of ["1", "2", "3"]) arrive(message)
    expect(messages(take(0))).toEqual(["1", "2", "3"])
  })

  test("that may have two keys waits for both, and both wait for it", () => {
    const { arrive, take, leases } = create()
    arrive("a", "a")
    arrive("ab", "a", "b")
    arrive("b", "b")
    const [a] = take(0)
    expect(take(0)).toEqual([])
    leases.ack(a!.number, 0)
    const [ab, ...others] = take(0)
    expect([ab!.message, others]).toEqual(["ab", []])
    leases.ack(ab!.number, 0)
    expect(messages(take(0))).toEqual(["b"])
  })

  test("comes again at the end of its lease, before the next of its key", () => {
    const { arrive, take, leases } = create()
    arrive("1", "k")
    arrive("2", "k")
    const [first] = take(0)
    expect(leases.nextDueMs).toBe(100)
    expect(take(99)).toEqual([])
    const [again] = take(100)
    expect(again).toMatchObject({ message: "1", deliveries: 2 })
    expect(leases.ack(first!.number, 100)).toBeUndefined()
    expect(leases.ack(again!.number, 100)).toBe("1")
    expect(leases.counts).toEqual({ delivered: 2, acked: 1, expired: 1 })
  })

  test("that was nacked with a delay keeps its key waiting as long", () => {
    const { arrive, take, leases } = create()
    arrive("1", "k")
    arrive("2", "k")
    arrive("other", "o")
    leases.nack(take(0, { max: 1 })[0]!.number, 50, 0)
    expect(messages(take(49))).toEqual(["other"])
    expect(messages(take(50))).toEqual(["1"])
  })

  test("leaves after its last delivery, and the next of its key comes once it has left", () => {
    const { arrive, take, leases } = create({ deliveriesMax: 2 })
    arrive("poison", "k")
    arrive("next", "k")
    leases.nack(take(0)[0]!.number, 0, 0)
    expect(leases.takeLeaving()).toEqual([])
    leases.nack(take(0)[0]!.number, 0, 0)
    const [leaving] = leases.takeLeaving()
    expect(leaving).toMatchObject({ message: "poison", deliveries: 2 })
    expect([leases.takeLeaving(), take(0)]).toEqual([[], []])
    expect(leases.left(leaving!)).toBe(true)
    expect(messages(take(0))).toEqual(["next"])
  })

  test("that cannot leave is given out again after a while, in its place", () => {
    const { arrive, take, leases } = create({ deliveriesMax: 1 })
    arrive("poison", "k")
    arrive("next", "k")
    leases.nack(take(0)[0]!.number, 0, 0)
    leases.stays(leases.takeLeaving()[0]!, 30, 0)
    expect(take(29)).toEqual([])
    expect(messages(take(30))).toEqual(["poison"])
  })
})

describe("when the channel of a partition goes", () => {
  test("its leases are stale, and their keys are kept until these would have ended", () => {
    const { arrive, take, leases } = create()
    arrive("1", "k")
    const [first] = take(0)
    leases.lost(0)
    arrive("1 again", "k")
    expect([leases.leased, take(99)]).toEqual([0, []])
    expect(leases.extend(first!.number, 1_000, 99)).toBe(false)
    expect(messages(take(100))).toEqual(["1 again"])
  })

  test("a key is free as soon as the consumer of its lease has spoken, whatever it says", () => {
    const { arrive, take, leases } = create()
    arrive("1", "k")
    const [first] = take(0)
    leases.lost(0)
    arrive("1 again", "k")
    expect(leases.ack(first!.number, 1)).toBeUndefined()
    expect(messages(take(1))).toEqual(["1 again"])
  })

  test("no more lost leases are remembered than may be", () => {
    const { arrive, take, leases } = create({ lostMax: 2 })
    for (const key of ["a", "b", "c"]) arrive(key, key)
    take(0)
    leases.lost(0)
    for (const key of ["a", "b", "c"]) arrive(key, key)
    expect(messages(take(1))).toEqual(["a"])
  })

  test("what was leaving has not left", () => {
    const { arrive, take, leases } = create({ deliveriesMax: 1 })
    arrive("poison", "k")
    leases.nack(take(0)[0]!.number, 0, 0)
    const [leaving] = leases.takeLeaving()
    leases.lost(0)
    expect(leases.left(leaving!)).toBe(false)
    expect(leases.size(0)).toEqual({ messages: 0, bytes: 0 })
  })
})

test("no more is given at once than bytes were asked for, but one message whatever its size", () => {
  const { arrive, take } = create()
  for (const message of ["12345", "6789", "0"]) arrive(message)
  expect(messages(take(0, { bytesMax: 3 }))).toEqual(["12345"])
  expect(messages(take(0, { bytesMax: 5 }))).toEqual(["6789", "0"])
})

test("the leases of a consumer are its own", () => {
  const { arrive, take, leases } = create()
  arrive("1")
  arrive("2")
  const [lease] = take(0, { max: 1, consumer: "one" })
  take(0, { consumer: "other" })
  expect(messages(leases.leasesOf("one", 0))).toEqual(["1"])
  leases.ack(lease!.number, 0)
  expect(leases.leasesOf("one", 0)).toEqual([])
})

test("leases are numbered once, across all that ends", () => {
  const leases = new Leases<string>(rules)
  expect(leases.ack(1, 0)).toBeUndefined()
  expect(leases.nack(1, 0, 0)).toBe(false)
})
