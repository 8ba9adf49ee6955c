import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/core/bounds.ts"
import { keyBytes } from "../../src/core/key.ts"
import { type LineSending, OrderedLines } from "../../src/core/ordered-lines.ts"
import type { Incoming, PublishOutcome } from "../../src/core/outcome.ts"
import { seeded } from "../support/seed.ts"

const accepted: PublishOutcome = { kind: "accepted", key: undefined, placements: [] }
const unsent: PublishOutcome = {
  ...{ kind: "unavailable", code: "broker_away", detail: "not sent" },
  retryAfterMs: 1,
}
const lost: PublishOutcome = { kind: "unknown", code: "connection_lost", detail: "lost" }
const timeoutMs = 1_000

const message = (key: string | undefined): Incoming => {
  const bytes = { properties: new Uint8Array(2), body: new Uint8Array(0) }
  return key === undefined ? bytes : { ...bytes, key: keyBytes(key)! }
}

/** Lines that go nowhere until a test says what became of them. */
function createLines() {
  const clock = { nowMs: 0 }
  const broker = { isAway: false }
  const sent: { settle: LineSending["settled"]; isWaiting: boolean; isOpen: boolean }[] = []
  const told: string[] = []
  const released: boolean[] = []
  const lines = new OrderedLines({
    timeoutMs,
    now: () => clock.nowMs,
    keyOf: ({ key }) => key,
    send(each, { mayGo, settled }) {
      if (broker.isAway) {
        settled(unsent)
        return { abandon() {} }
      }
      if (!mayGo(each.key)) return { abandon() {} }
      const way = {
        isWaiting: false,
        isOpen: true,
        settle(outcome: PublishOutcome) {
          way.isOpen = false
          settled(outcome)
        },
      }
      sent.push(way)
      return { abandon: () => void (way.isWaiting && way.isOpen && way.settle(unsent)) }
    },
  })
  let count = 0
  function publish(key?: string): number {
    const line = count++
    lines.publish(message(key), {
      told(outcome) {
        if (told[line] !== undefined) throw new Error("told twice")
        told[line] =
          outcome.kind === "afterFailure"
            ? outcome.wasSent
              ? "doubt"
              : "skipped"
            : outcome.kind === "accepted" || outcome.kind === "rejected"
              ? outcome.kind
              : outcome.code
      },
      released() {
        if (released[line]) throw new Error("released twice")
        released[line] = true
      },
    })
    return line
  }
  return { clock, broker, sent, told, released, lines, publish }
}

describe("lines of one key", () => {
  test("behind one that failed are not sent, and those of other keys are", () => {
    const { sent, told, released, publish } = createLines()
    publish("a")
    sent[0]!.settle(lost)
    publish("a")
    publish("b")
    expect(sent).toHaveLength(2)
    sent[1]!.settle(accepted)
    expect(told).toEqual(["connection_lost", "skipped", "accepted"])
    expect(released).toEqual([true, true, true])
  })

  test("that wait to be sent are taken back when one before them fails", () => {
    const { sent, told, publish } = createLines()
    publish("a")
    publish("a")
    publish("a")
    sent[1]!.isWaiting = true
    sent[2]!.isWaiting = true
    sent[0]!.settle(lost)
    expect(told).toEqual(["connection_lost", "skipped", "skipped"])
  })

  test("that are accepted after one before them failed are said to be in doubt", () => {
    const { sent, told, publish } = createLines()
    publish("a")
    publish("a")
    sent[0]!.settle(lost)
    sent[1]!.settle(accepted)
    expect(told).toEqual(["connection_lost", "doubt"])
  })

  test("are not said to be accepted before those ahead of them are", () => {
    const { sent, told, publish } = createLines()
    publish("a")
    publish("a")
    sent[1]!.settle(accepted)
    expect(told).toEqual([])
    sent[0]!.settle(lost)
    expect(told).toEqual(["connection_lost", "doubt"])
  })

  test("are not sent behind one that failed while another before it is still open", () => {
    const { sent, told, publish } = createLines()
    publish("a")
    publish("a")
    sent[1]!.settle(lost)
    publish("a")
    expect(sent).toHaveLength(2)
    sent[0]!.settle(accepted)
    expect(told).toEqual(["accepted", "connection_lost", "skipped"])
  })

  test("behind one that was refused without being sent are not sent", () => {
    const { sent, told, lines, publish } = createLines()
    publish("a")
    lines.refuse(keyBytes("a"))
    publish("a")
    sent[0]!.settle(accepted)
    expect(told).toEqual(["accepted", "skipped"])
  })

  test("behind one that came while there was no broker are not sent", () => {
    const { broker, sent, told, publish } = createLines()
    broker.isAway = true
    publish("a")
    broker.isAway = false
    publish("a")
    publish("b")
    sent[0]!.settle(accepted)
    expect(told).toEqual(["broker_away", "skipped", "accepted"])
  })

  test("may be sent again and again once all before them are accepted", () => {
    const { sent, told, publish } = createLines()
    for (let n = 0; n < 3; n++) {
      publish("a")
      sent[n]!.settle(accepted)
    }
    expect(told).toEqual(["accepted", "accepted", "accepted"])
  })
})

test("lines without a key stop nobody", () => {
  const { sent, told, publish } = createLines()
  publish()
  publish()
  sent[0]!.settle(lost)
  publish()
  sent[1]!.settle(accepted)
  sent[2]!.settle(accepted)
  expect(told).toEqual(["connection_lost", "accepted", "accepted"])
})

test("a line that takes too long is given up with those behind it, and released when it settles", () => {
  const { clock, sent, told, released, lines, publish } = createLines()
  publish("a")
  clock.nowMs = 500
  publish("a")
  sent[1]!.isWaiting = true
  publish("b")
  clock.nowMs = timeoutMs
  lines.expire()
  expect(told).toEqual(["confirm_timeout", "skipped"])
  expect(released).toEqual([false, true].map((each) => each || undefined!))
  sent[0]!.settle(accepted)
  expect(told[0]).toBe("confirm_timeout")
  expect(released[0]).toBe(true)
  clock.nowMs = 500 + timeoutMs
  lines.expire()
  expect(told[2]).toBe("confirm_timeout")
})

test("there is an end to failures", () => {
  const { lines } = createLines()
  for (let n = 1; n < bounds.batchFailuresMax; n++) lines.refuse(undefined)
  expect(lines.hasTooManyFailures).toBe(false)
  lines.refuse(undefined)
  expect(lines.hasTooManyFailures).toBe(true)
})

test("there is an end to the keys that failed", () => {
  const { lines } = createLines()
  for (let n = 0; n < 300; n++) lines.refuse(keyBytes(`${n}`.padEnd(4_000)))
  expect(lines.hasTooManyFailures).toBe(true)
})

test(
  "whatever becomes of them in whatever order, no line is accepted behind one of its key that is not",
  seeded((random) => {
    for (let round = 0; round < 2_000; round++) {
      const { clock, sent, told, released, lines, publish } = createLines()
      const keys: string[] = []
      for (let step = 0; step < 40; step++) {
        clock.nowMs += random.integer(100)
        const open = sent.filter(({ isOpen }) => isOpen)
        const action = random.integer(10)
        if (action < 5) {
          keys.push(random.pick(["a", "b"]))
          publish(keys.at(-1))
          const latest = sent.at(-1)
          if (latest?.isOpen) latest.isWaiting = random.next() < 0.3
        } else if (action < 9 && open.length > 0) {
          const one = random.pick(open)
          one.isWaiting = false
          one.settle(random.next() < 0.85 ? accepted : random.pick([lost, unsent]))
        } else lines.expire()
      }
      for (const each of sent.filter(({ isOpen }) => isOpen)) if (each.isOpen) each.settle(accepted)
      expect(Object.keys(told)).toHaveLength(keys.length)
      expect(released.filter(Boolean)).toHaveLength(keys.length)
      const failed = new Set<string>()
      for (const [at, key] of keys.entries()) {
        if (told[at] !== "accepted") failed.add(key)
        else expect(failed.has(key)).toBe(false)
      }
    }
  }),
)
