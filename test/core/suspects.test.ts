import { expect, test } from "bun:test"
import type { Lane, Parcel } from "../../src/core/lane.ts"
import { Outbox } from "../../src/core/outbox.ts"
import { groupStats } from "../../src/core/stats.ts"

/** An outbox with lanes `a`, `b` and `c`, what it has on the wire, and the waits it asked for. */
function openOutbox({ mayRefuse = false } = {}) {
  const wire: { tag: number; parcel: Parcel }[] = []
  const waits: { lane: Lane; turn: number }[] = []
  let tag = 0
  const outbox = new Outbox({
    publish: (parcel) => void wire.push({ tag: ++tag, parcel }),
    backOff: (lane, turn) => void waits.push({ lane, turn }),
    gather: () => {},
  })
  const options = { mayRefuse, returnsMax: 9, backoff: { firstMs: 1, maxMs: 1 }, random: () => 0 }
  const lane = (queue: string) => outbox.addLane({ ...options, queue, stats: groupStats() })
  const [a, b, c] = [lane("a"), lane("b"), lane("c")]
  const open = () => {
    tag = 0
    wire.length = 0
    outbox.opened()
  }
  open()
  return { outbox, a, b, c, wire, waits, open }
}

const letter = (orderKey: string, settled: () => void = () => {}) => ({
  ...{ properties: new Uint8Array(2), body: new Uint8Array(0), orderKey, persistent: true },
  settled,
})

test("a lane that is never empty does not keep the search for the guilty one from ending", () => {
  const { outbox, a, b, wire, open } = openOutbox()
  let [ofA, ofB] = [0, 0]
  const refill = () => {
    ofA += 1
    a.offer(letter("k", refill))
  }
  for (let count = 0; count < 10; count++) a.offer(letter("k", refill))
  for (let count = 0; count < 3; count++) b.offer(letter("k", () => (ofB += 1)))
  outbox.closed({ kind: "offended" })
  open()
  for (let answers = 0; answers < 100; answers++) outbox.confirmed(wire.shift()!.tag, false)
  expect(ofB).toBe(3)
  expect(ofA).toBeGreaterThan(50)
})

test("suspects that wait for a full queue do not hold up the other lanes", () => {
  const { outbox, a, b, wire, waits, open } = openOutbox({ mayRefuse: true })
  b.offer(letter("0"))
  outbox.confirmed(wire.shift()!.tag, false)
  for (let key = 0; key < 4; key++) b.offer(letter(String(key)))
  outbox.closed({ kind: "offended" })
  for (let key = 0; key < 100; key++) a.offer(letter(String(key)))
  open()
  let most = 0
  for (let answer = wire.shift(); answer !== undefined; answer = wire.shift()) {
    most = Math.max(most, outbox.unconfirmed)
    if (answer.parcel.lane === b) outbox.refused(answer.tag, false)
    else outbox.confirmed(answer.tag, false)
  }
  expect(a.size).toBe(0)
  expect(most).toBeGreaterThan(50)
  expect(b.size).toBe(4)
  expect(waits.at(-1)!.lane).toBe(b)
})

test("nothing else is published while a suspect may be the one", () => {
  const { outbox, a, b, wire, open } = openOutbox()
  for (const lane of [a, b]) {
    lane.offer(letter("probe"))
    outbox.confirmed(wire.shift()!.tag, false)
  }
  for (let count = 0; count < 8; count++) a.offer(letter("k"))
  outbox.closed({ kind: "offended" })
  b.offer(letter("k"))
  open()
  expect(wire.map(({ parcel }) => parcel.lane)).toEqual([a])
  outbox.confirmed(wire.shift()!.tag, false)
  expect(outbox.unconfirmed).toBe(4)
  while (wire.length > 0) outbox.confirmed(wire.shift()!.tag, false)
  expect([a.size, b.size]).toEqual([0, 0])
})

test("what was sent before something that was answered is not suspect", () => {
  const { outbox, a, b, wire, open } = openOutbox()
  a.offer(letter("probe"))
  outbox.confirmed(wire.shift()!.tag, false)
  for (let count = 0; count < 4; count++) a.offer(letter("k"))
  outbox.confirmed(wire[2]!.tag, false)
  outbox.closed({ kind: "offended" })
  b.offer(letter("k"))
  open()
  // The one sent last has its first strike; the three before it are sent first, one at a time.
  expect(wire.map(({ parcel }) => parcel.lane)).toEqual([a])
  expect([...outbox.unconfirmedQueues, outbox.strikes]).toEqual(["a", 1])
})

/** The queue of `a` answers nothing, and the broker closes the channel over the first of `b`. */
function besideMuteQueue(secondsMax: number, isDone: (foundMs: number, ofC: number) => boolean) {
  const { outbox, a, b, c, wire, open } = openOutbox()
  let [foundMs, ofC, nowMs, channels] = [0, 0, 0, 1]
  const refill = () => {
    ofC += 1
    c.offer(letter("k", refill))
  }
  const reopen = (kind: "offended" | "lost") => {
    channels += 1
    outbox.closed({ kind })
    open()
  }
  for (const lane of [a, b]) {
    lane.offer(letter("probe"))
    outbox.confirmed(wire.shift()!.tag, false)
  }
  for (let count = 0; count < 3; count++) a.offer(letter("k"))
  const guilty = b.offer(letter("k", () => (foundMs = nowMs)))
  refill()
  for (let second = 0; second < secondsMax && !isDone(foundMs, ofC); second++) {
    nowMs += 1_000
    for (let steps = 0; steps < 20 && wire.length > 0; steps++) {
      const { parcel, tag } = wire.shift()!
      if (parcel === guilty) reopen("offended")
      else if (parcel.lane !== a) outbox.confirmed(tag, false)
    }
    if (outbox.checkAnswers(nowMs, 30_000).isDead) reopen("lost")
  }
  return { foundMs, ofC, channels }
}

test("a message over which the broker closes the channel is found beside a queue that does not answer", () => {
  const { foundMs, channels } = besideMuteQueue(300, (found) => found > 0)
  expect(foundMs).toBeGreaterThan(0)
  expect(foundMs).toBeLessThan(15_000)
  expect(channels).toBeLessThan(8)
})

test("and the others go on soon after", () => {
  const { foundMs, ofC } = besideMuteQueue(25, () => false)
  expect(foundMs).toBeGreaterThan(0)
  expect(ofC).toBeGreaterThan(100)
})
