import { describe, expect, test } from "bun:test"
import type { Lane, Letter, Parcel } from "../../src/core/lane.ts"
import { Outbox } from "../../src/core/outbox.ts"
import { groupStats } from "../../src/core/stats.ts"

const gatherBounds = { unconfirmedBusyMin: 3, gatherMessagesMax: 4, gatherRoundsMax: 3 }

/** Lane `busy` has three unconfirmed, so that the broker counts as busy; lane `a` is open and idle. */
function busyOutbox({ mayRefuse = false } = {}) {
  let wire: string[] = []
  let [rounds, tag] = [0, 0]
  const tags = new Map<string, number>()
  const outbox = new Outbox(
    {
      publish({ letter }: Parcel) {
        const name = new TextDecoder().decode(letter.body)
        tags.set(name, ++tag)
        wire.push(name)
      },
      backOff: () => {},
      gather: () => (rounds += 1),
    },
    gatherBounds,
  )
  const options = { returnsMax: 9, backoff: { firstMs: 1, maxMs: 1 }, random: () => 0 }
  const lane = (queue: string, refusing = false) =>
    outbox.addLane({ ...options, queue, mayRefuse: refusing, stats: groupStats() })
  const [a, busy] = [lane("a", mayRefuse), lane("busy")]
  const offer = (to: Lane, ...names: string[]) => names.map((name) => to.offer(letter(name)))
  const confirm = (...names: string[]) => {
    for (const name of names) outbox.confirmed(tags.get(name)!, false)
  }
  const open = () => {
    tag = 0
    outbox.opened()
  }
  /** What has gone out since this was asked last. */
  const sent = () => {
    const names = wire.join(" ")
    wire = []
    return names
  }
  open()
  // The first message on a channel goes alone.
  offer(a, "probe")
  offer(busy, "probe of busy")
  confirm("probe", "probe of busy")
  offer(busy, "x", "y", "z")
  sent()
  return { outbox, a, busy, offer, confirm, open, sent, rounds: () => rounds }
}

const letter = (name: string): Letter => ({
  ...{ properties: new Uint8Array(2), body: new TextEncoder().encode(name), orderKey: name },
  ...{ persistent: true, settled: () => {} },
})

describe("while the broker is busy", () => {
  test("what a lane gets goes out together when the round is over", () => {
    const { outbox, a, offer, sent, rounds } = busyOutbox()
    offer(a, "1", "2")
    expect([sent(), rounds()]).toEqual(["", 1])
    outbox.gathered()
    expect([sent(), rounds()]).toEqual(["1 2", 1])
  })

  test("it waits for what is unconfirmed before it, and for no more than some rounds", () => {
    const { outbox, a, offer, confirm, sent, rounds } = busyOutbox()
    offer(a, "1")
    outbox.gathered()
    expect(sent()).toBe("1")
    offer(a, "2")
    outbox.gathered()
    expect(sent()).toBe("")
    confirm("1")
    expect(sent()).toBe("")
    outbox.gathered()
    expect(sent()).toBe("2")
    offer(a, "3")
    for (let round = 1; round < gatherBounds.gatherRoundsMax; round++) outbox.gathered()
    expect(sent()).toBe("")
    outbox.gathered()
    expect(sent()).toBe("3")
    expect(rounds()).toBe(6)
  })

  test("many go out at once, however long the round lasts", () => {
    const { a, offer, sent } = busyOutbox()
    offer(a, "1", "2", "3")
    expect(sent()).toBe("")
    offer(a, "4", "5")
    expect(sent()).toBe("1 2 3 4")
  })

  test("a queue that may refuse gets its messages as they come", () => {
    const { a, offer, sent } = busyOutbox({ mayRefuse: true })
    offer(a, "1", "2")
    expect(sent()).toBe("1 2")
  })
})

test("to a broker that is not busy everything goes out as it comes, and what waited with the next", () => {
  const { a, offer, confirm, sent, rounds } = busyOutbox()
  offer(a, "1")
  confirm("x")
  expect(sent()).toBe("")
  offer(a, "2")
  expect(sent()).toBe("1 2")
  expect(rounds()).toBe(1)
})

test("what waited goes out on the next channel, in its order", () => {
  const { outbox, a, busy, offer, confirm, open, sent } = busyOutbox()
  offer(a, "1", "2")
  outbox.closed({ kind: "lost" })
  outbox.gathered()
  expect(sent()).toBe("")
  open()
  offer(busy, "w")
  expect(sent()).toBe("1 x")
  confirm("1", "x")
  outbox.gathered()
  expect(sent()).toBe("2 y z w")
})

test("what is given up while it waits is never sent", () => {
  const { outbox, a, offer, sent } = busyOutbox()
  const [first] = offer(a, "1", "2")
  a.abandon(first!)
  outbox.gathered()
  expect(sent()).toBe("2")
})
