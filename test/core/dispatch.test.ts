import { describe, expect, test } from "bun:test"
import { Dispatch, type Dispatched } from "../../src/core/dispatch.ts"
import { keyBytes } from "../../src/core/key.ts"
import { rawList, textHeader } from "../wire/property-list.ts"
import { placementsOf, SimulatedTopic, topicRoute } from "./simulated-topic.ts"

const incoming = (key: string | undefined) => ({
  properties: rawList({ headers: key === undefined ? [] : [textHeader("key", key)] }),
  body: new TextEncoder().encode("0"),
})

function dispatchUnderTest() {
  const topic = new SimulatedTopic()
  const outcomes: Dispatched[] = []
  const publish = (key: string | undefined, groups?: readonly string[]) =>
    topic.dispatch.publish(incoming(key), {
      persistent: false,
      ...(groups && { groups }),
      settled: (outcome) => outcomes.push(outcome),
    })
  const inFlight = () => topic.stats.inFlightMessages
  return { topic, broker: topic.broker, outcomes, publish, inFlight }
}

describe("a dispatched message", () => {
  test("is delivered once each group's queue has confirmed it, and not before", () => {
    const { topic, broker, outcomes, publish, inFlight } = dispatchUnderTest()
    publish("1")
    expect(topic.stats.inFlightBytes).toBe(incoming("1").properties.length + 1)
    broker.route(1)
    broker.answer(1)
    broker.deliver()
    expect(outcomes).toEqual([])
    expect(inFlight()).toBe(1)
    broker.calm()
    const routed = { kind: "routed", key: keyBytes("1")!, placements: placementsOf("1") } as const
    expect(outcomes).toEqual([{ kind: "delivered", routed }])
    expect([topic.taken("a.p1"), topic.taken("b.p0")]).toEqual([[0], [0]])
    expect([inFlight(), topic.stats.inFlightBytes]).toEqual([0, 0])
  })

  test("goes to the groups asked for, and to no other", () => {
    const { topic, broker, outcomes, publish } = dispatchUnderTest()
    publish("1", ["b"])
    broker.calm()
    expect([topic.taken("a.p1"), topic.taken("b.p0")]).toEqual([[], [0]])
    expect(outcomes).toMatchObject([{ routed: { placements: [{ group: "b" }] } }])
  })

  test("refuses groups that are not there", () => {
    const { outcomes, publish, inFlight } = dispatchUnderTest()
    expect(() => publish("1", ["gone"])).toThrow("no such groups")
    expect(outcomes).toEqual([])
    expect(inFlight()).toBe(0)
  })

  test("is rejected before anything is sent when it cannot be routed", () => {
    const { topic, broker, outcomes, publish, inFlight } = dispatchUnderTest()
    publish(undefined).abandon()
    expect(outcomes).toMatchObject([{ kind: "rejected", reason: "missing_key" }])
    expect([topic.stats.rejected.missing_key, inFlight(), broker.outbox.unconfirmed]).toEqual([
      1, 0, 0,
    ])
  })

  test("fails as lost when the channel goes, settling once", () => {
    const { broker, outcomes, publish, inFlight } = dispatchUnderTest()
    publish("1")
    publish("1")
    broker.lose(1, 1)
    broker.calm()
    expect(outcomes).toMatchObject([
      { kind: "failed", failure: "lost", groups: ["a", "b"] },
      { kind: "failed", failure: "unsent", groups: ["a", "b"] },
    ])
    expect(inFlight()).toBe(0)
  })

  test("fails as unsent when it is abandoned while all of it waits", () => {
    const { topic, broker, outcomes, publish } = dispatchUnderTest()
    publish("1")
    const second = publish("1")
    second.abandon()
    expect(outcomes).toMatchObject([{ kind: "failed", failure: "unsent", groups: ["a", "b"] }])
    second.abandon()
    broker.calm()
    expect(outcomes.length).toBe(2)
    expect(topic.taken("a.p1").length).toBe(1)
  })

  test("is not called unsent when another group has it already", () => {
    const { broker, outcomes, publish } = dispatchUnderTest()
    publish("0", ["b"])
    // Alone in its partition of group a, behind the first one in group b.
    const second = publish("1")
    broker.route(1)
    broker.route(1)
    second.abandon()
    expect(outcomes).toEqual([])
    broker.calm()
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["delivered", "failed"])
    const failed = outcomes.find(({ kind }) => kind === "failed")
    expect(failed).toMatchObject({ failure: "refused", groups: ["b"] })
  })

  test("keeps its order with all whose key has the same bytes, and with no other", () => {
    const orderKeys = new Set<string>()
    for (let byte = 0; byte < 256; byte++) {
      const topic = new SimulatedTopic()
      const message = { ...incoming("0"), key: keyBytes(Uint8Array.of(48, byte))! }
      topic.dispatch.publish(message, { persistent: true, settled: () => {} })
      topic.broker.calm()
      const [parcel] = topic.broker.queue("b.p0").taken
      orderKeys.add(parcel!.letter.orderKey!)
    }
    expect(orderKeys.size).toBe(256)
  })
})

test("deciding publishes nothing", () => {
  const topic = new SimulatedTopic()
  const decision = new Dispatch(topicRoute, new Map(), topic.stats).decide(incoming("1"))
  expect(decision).toMatchObject({ kind: "routed", placements: placementsOf("1") })
  expect(topic.broker.outbox.unconfirmed).toBe(0)
})
