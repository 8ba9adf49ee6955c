import { expect, test } from "bun:test"
import { suspicionOf } from "../../../src/core/consume/suspicion.ts"
import { randomFrom, seed } from "../../support/seed.ts"

const kinds = (isFirst: boolean, deliveriesMax: number, until: number) =>
  Array.from({ length: until + 1 }, (_, deliveredBefore) => {
    return suspicionOf({ deliveredBefore, isFirst }, deliveriesMax).kind
  })

test("the first of a queue is a suspect from half of its deliveries on, exhausted at multiples", () => {
  const suspect = "suspect"
  const expected = ["none", "none", suspect, suspect, "exhausted", suspect, suspect, suspect]
  expect(kinds(true, 4, 8)).toEqual([...expected, "exhausted"] as never)
})

test("what is behind the first is never exhausted, however often it was delivered", () => {
  expect(kinds(false, 4, 100).filter((kind) => kind === "exhausted")).toEqual([])
  expect(kinds(false, 4, 3)).toEqual(["none", "none", "suspect", "suspect"])
})

test("nothing is suspected without a limit", () => {
  const unlimited = suspicionOf(
    { deliveredBefore: 1_000_000, isFirst: true },
    Number.POSITIVE_INFINITY,
  )
  expect(unlimited).toEqual({ kind: "none" })
})

test("the first waits longer with every delivery, those behind it do not", () => {
  const failures = (isFirst: boolean) =>
    [10, 11, 12].map((deliveredBefore) => {
      const found = suspicionOf({ deliveredBefore, isFirst }, 20)
      return found.kind === "suspect" && found.failures
    })
  expect([failures(true), failures(false)]).toEqual([
    [1, 2, 3],
    [1, 1, 1],
  ])
})

interface Message {
  readonly number: number
  readonly isDeadly: boolean
  deliveredBefore: number
}

/**
 * One partition whose consumers are brought down by some messages: each life is delivered the first few
 * that are left, handles those that are not suspected side by side and the others one by one, and its end
 * counts for all that it held.
 */
function simulate(random: ReturnType<typeof randomFrom>) {
  const size = 1 + random.integer(60)
  const prefetch = 1 + random.integer(40)
  const concurrency = 1 + random.integer(16)
  const deliveriesMax = 2 * (1 + random.integer(10))
  const left: Message[] = Array.from({ length: size }, (_, number) => {
    return { number, isDeadly: random.next() < 0.1, deliveredBefore: 0 }
  })
  const putAway: Message[] = []
  let lives = 0
  for (; left.length > 0 && lives < 10_000; lives++) live()
  return { putAway, left, lives }

  function live(): void {
    const [first] = left
    let isDown = false
    while (left.length > 0 && !isDown) {
      const held = left.slice(0, prefetch)
      const seen = held.map((message) => {
        return suspicionOf({ ...message, isFirst: message === first }, deliveriesMax).kind
      })
      const alone = seen.findIndex((kind) => kind !== "none")
      if (alone === 0 && seen[0] === "exhausted") putAway.push(...left.splice(0, 1))
      else {
        const side = alone === -1 ? held.length : alone
        const running = held.slice(0, Math.max(1, Math.min(side, concurrency)))
        isDown = running.some(({ isDeadly }) => isDeadly)
        // What ran beside the one that is to blame may or may not have been acked.
        const isDone = (each: Message) =>
          running.includes(each) && !each.isDeadly && (!isDown || random.next() < 0.2)
        for (const each of running.filter(isDone)) left.splice(left.indexOf(each), 1)
        if (isDown) for (const each of left.slice(0, prefetch)) each.deliveredBefore += 1
      }
    }
  }
}

test("only what brings its consumer down is put away, however much else was held with it", () => {
  const random = randomFrom(seed)
  for (let round = 0; round < 300; round++) {
    const { putAway, left } = simulate(random)
    expect(left).toEqual([])
    expect(putAway.filter(({ isDeadly }) => !isDeadly)).toEqual([])
  }
})
