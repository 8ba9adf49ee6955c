import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { seed } from "../support/seed.ts"
import { rawList, textHeader } from "../wire/property-list.ts"
import type { Refusals } from "./simulated-broker.ts"
import {
  type Offence,
  SimulatedTopic,
  type SourceMessage,
  type TopicOptions,
} from "./simulated-topic.ts"

const weights = {
  message: 14,
  keyless: 2,
  poison: 1,
  deliver: 20,
  route: 24,
  answer: 24,
  frame: 30,
  fire: 12,
  open: 6,
  loseSource: 1,
  lose: 1,
  remove: 1,
  look: 3,
  bar: 2,
} as const
type StepName = keyof typeof weights

const step: fc.Arbitrary<StepName> = fc.oneof(
  ...Object.entries(weights).map(([name, weight]) => ({
    weight,
    arbitrary: fc.constant(name as StepName),
  })),
)

const offences: readonly Offence[] = ["always", "as it is", "by its size"]

function take(topic: SimulatedTopic, name: StepName, choice: number): void {
  const { broker } = topic
  if (name === "message") topic.messages.push({ key: String(choice % 4) })
  else if (name === "keyless") topic.messages.push({ key: undefined })
  else if (name === "poison") {
    topic.messages.push({ key: String(choice % 4), offence: offences[choice % 3]! })
  } else if (name === "deliver") topic.deliver()
  else if (name === "route") broker.route(choice)
  else if (name === "answer") broker.answer(choice)
  else if (name === "frame") broker.deliver()
  else if (name === "fire") broker.fire(choice, choice % 4 > 0)
  else if (name === "open") broker.open()
  else if (name === "loseSource") topic.loseSource()
  else if (name === "lose") broker.lose(choice % 5, choice)
  else if (name === "look") broker.look(choice)
  else if (name === "bar") broker.bar(topic.lanes.filter((_, at) => (choice >> at) % 3 === 1))
  else broker.queue([...broker.queues.keys()][choice % broker.queues.size]!).isMissing = true
}

function holds(refusals: Refusals, options: TopicOptions, check: (topic: SimulatedTopic) => void) {
  const steps = fc.array(fc.tuple(step, fc.nat(10_000)), {
    minLength: 20,
    maxLength: 300,
    size: "max",
  })
  const property = fc.property(steps, (taken) => {
    const topic = new SimulatedTopic(options)
    topic.broker.refusals = refusals
    for (const [name, choice] of taken) take(topic, name, choice)
    topic.calm()
    check(topic)
  })
  fc.assert(property, { seed, numRuns: 400, includeErrorInReport: true })
}

/** Acks are checked as they happen; this is what has to be true in the end. */
function everythingIsDone(topic: SimulatedTopic): void {
  const unacceptable = topic.messages.filter(isUnacceptable)
  expect(topic.acked).toBe(topic.messages.length - unacceptable.length)
  expect(topic.stats.heldMessages).toBe(unacceptable.length)
  expect(topic.intake.size).toBe(0)
  expect(topic.broker.outbox.unconfirmed).toBe(0)
  const { inFlightMessages, inFlightBytes } = topic.stats
  expect({ inFlightMessages, inFlightBytes }).toEqual({ inFlightMessages: 0, inFlightBytes: 0 })
  expect(topic.budget.used).toBe(0)
  expect(topic.stats.settled).toBeGreaterThanOrEqual(topic.acked)
  topic.messages.forEach(({ key, offence }, at) => {
    if (key === undefined) expect(topic.notes(at)[0]).toMatchObject({ reason: "missing_key" })
    if (offence === "as it is") {
      const reasons = topic.notes(at).map(({ reason }) => reason)
      expect(["refused_by_broker", "unroutable"]).toContain(reasons[0]!)
    }
  })
}

/** Nowhere, not even as a dead letter. */
const isUnacceptable = ({ offence }: SourceMessage): boolean =>
  offence === "always" || offence === "by its size"

describe("a source is acked only up to what is safe, and to its end", () => {
  const modes: readonly (readonly [string, Refusals, TopicOptions])[] = [
    ["loses channels and queues", "never", {}],
    ["refuses anything", "any", {}],
    ["refuses anything of lanes that know it", "any", { mayRefuse: true }],
    ["keeps queues missing until messages are given up", "probes", { returnsMax: 2 }],
  ]
  for (const [what, refusals, options] of modes) {
    test(`over a broker that ${what}`, () => holds(refusals, options, everythingIsDone))
  }
})

describe("order within a key", () => {
  const isOrdered = (topic: SimulatedTopic) => {
    for (const queue of ["a.p0", "a.p1", "b.p0"]) {
      const first = [...new Set(topic.taken(queue))]
      for (const key of ["0", "1", "2", "3"]) {
        const own = first.filter((at) => topic.messages[at]?.key === key)
        expect(own).toEqual(own.toSorted((a, b) => a - b))
      }
    }
  }

  test("survives lost channels on both sides, missing queues and refused probes", () => {
    holds("probes", {}, isOrdered)
  })

  test("survives any refusal where lanes know that their queue may refuse", () => {
    holds("any", { mayRefuse: true }, isOrdered)
  })
})

describe("an intake", () => {
  test("dead-letters what cannot be routed, with the reason, time and source, and goes on", () => {
    const topic = new SimulatedTopic()
    topic.messages.push({ key: undefined }, { key: "1" })
    topic.calm()
    expect(topic.notes(0)).toEqual([
      {
        reason: "missing_key",
        detail: 'no key extractor of topic "orders" found a key',
        time: "2024-01-01T00:00:00.000Z",
        source: "source",
      },
    ])
    expect(topic.acked).toBe(2)
    expect(topic.taken("a.p1")).toEqual([1])
    const { rejected, deadLettered, consumed, settled } = topic.stats
    expect([rejected.missing_key, deadLettered.missing_key, consumed, settled]).toEqual([
      1, 1, 2, 2,
    ])
  })

  test("dead-letters a message for those groups alone whose queue is missing", () => {
    const topic = new SimulatedTopic({ returnsMax: 2 })
    topic.messages.push({ key: "1" }, { key: "0" })
    topic.broker.queue("a.p1").isMissing = true
    while (topic.deliver());
    moveWithoutDeclaring(topic)
    expect(topic.notes(0)).toMatchObject([{ reason: "unroutable", groups: ["a"] }])
    expect(topic.notes(0)[0]?.detail).toContain('"a.p1"')
    expect(topic.notes(1)).toEqual([])
    expect(topic.taken("b.p0")).toEqual([0, 1])
    expect(topic.acked).toBe(2)
    expect(topic.stats.deadLettered.unroutable).toBe(1)
  })

  test("acks nothing behind a message that has not settled", () => {
    const topic = new SimulatedTopic()
    topic.messages.push({ key: "1" }, { key: "0" }, { key: "0" })
    topic.broker.queue("a.p1").isMissing = true
    while (topic.deliver());
    moveWithoutDeclaring(topic)
    expect(topic.taken("a.p0")).toEqual([1, 2])
    expect(topic.acked).toBe(0)
    topic.calm()
    expect(topic.acked).toBe(3)
  })

  test("gives up what it has not sent when it closes, and takes nothing more", () => {
    const topic = new SimulatedTopic()
    topic.messages.push({ key: "1" }, { key: "1" }, { key: undefined }, { key: undefined })
    while (topic.deliver());
    // The first of each lane is on its way alone; what waits behind it never leaves.
    expect(topic.broker.outbox.unconfirmed).toBe(3)
    const closed = topic.intake
    closed.close()
    closed.accept(5, new Uint8Array(2), new Uint8Array(0))
    topic.broker.calm()
    expect(topic.taken("a.p1")).toEqual([0])
    expect(topic.taken("dlq")).toEqual([2])
    expect(topic.acked).toBe(0)
    expect(closed.size).toBe(0)
    expect(topic.stats.consumed).toBe(4)
    expect(topic.stats.inFlightMessages).toBe(0)
  })

  test("refuses what comes behind a delivery that it was not given", () => {
    const topic = new SimulatedTopic()
    topic.messages.push({ key: "1" })
    while (topic.deliver());
    const properties = rawList({ headers: [textHeader("key", "1")] })
    expect(() => topic.intake.accept(3, properties, new Uint8Array(0))).toThrow("not the next")
    topic.broker.calm()
    expect(topic.taken("a.p1")).toEqual([0])
    expect(topic.acked).toBe(1)
    expect(topic.stats.consumed).toBe(1)
  })

  test("dead-letters a message whose properties cannot be read", () => {
    const topic = new SimulatedTopic()
    const properties = Uint8Array.of(0x20, 0, 0, 0, 0, 2, 1, 107)
    topic.messages.push({ key: undefined, properties }, { key: "1" })
    topic.calm()
    const [parcel] = topic.broker.queue("dlq").taken
    expect(parcel?.letter.properties).toEqual(properties)
    expect(topic.acked).toBe(2)
    expect(topic.stats.deadLettered.invalid_key).toBe(1)
  })
})

describe("a message that the broker takes nowhere", () => {
  test("is held, and what comes behind it is acked alone", () => {
    const topic = new SimulatedTopic()
    const offences = [undefined, "always", undefined, "by its size", undefined] as const
    for (const offence of offences) topic.messages.push({ key: "1", ...(offence && { offence }) })
    topic.calm()
    expect(topic.taken("a.p1")).toEqual([0, 2, 4])
    expect(topic.acked).toBe(3)
    expect(topic.held.toSorted()).toEqual(["body_too_large", "refused_by_broker"])
    expect(topic.stats.heldMessages).toBe(2)
    topic.loseSource()
    expect(topic.stats.heldMessages).toBe(0)
    topic.calm()
    expect(topic.taken("a.p1")).toEqual([0, 2, 4])
    expect(topic.stats.heldMessages).toBe(2)
  })

  test("is dead-lettered if the broker takes it there, with the queue that it was meant for", () => {
    const topic = new SimulatedTopic()
    topic.messages.push({ key: "1", offence: "as it is" }, { key: "1" })
    topic.calm()
    expect(topic.notes(0)).toMatchObject([{ reason: "refused_by_broker" }])
    expect(topic.notes(0)[0]?.detail).toContain('"a.p1"')
    expect(topic.acked).toBe(2)
    expect(topic.stats.deadLettered.refused_by_broker).toBe(1)
  })
})

/** The broker answers everything, but missing queues stay missing. */
function moveWithoutDeclaring({ broker }: SimulatedTopic): void {
  for (let rounds = 0; rounds < 200; rounds++) {
    broker.route(1)
    broker.answer(1)
    while (broker.deliver());
    broker.endRound()
    broker.fire(1, false)
  }
}
