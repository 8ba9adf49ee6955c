import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Assignor } from "../../../src/core/group/assignor.ts"
import { assignmentOf, type GroupRules, transition } from "../../../src/core/group/group-state.ts"
import { range } from "../../../src/core/group/range.ts"
import { sticky } from "../../../src/core/group/sticky.ts"
import { seed } from "../../support/seed.ts"
import { SimulatedGroup } from "./simulated-group.ts"

const rules: GroupRules = { assignor: sticky, sessionTimeoutMs: 1_000, drainTimeoutMs: 3_000 }

const ids = ["a", "b", "c", "d", "e"] as const
const id = fc.constantFrom(...ids)
const kinds = {
  send: 5,
  hear: 5,
  act: 8,
  heartbeat: 5,
  drain: 4,
  join: 3,
  leave: 1,
  leaveInTime: 1,
  crash: 1,
  freeze: 1,
  wake: 1,
  pass: 1,
  restart: 1,
} as const
type Kind = keyof typeof kinds
/** What is done, by which member, and a number: which of its heartbeats is heard, or how much time passes. */
type Act = readonly [Kind, string, number]
const acts: fc.Arbitrary<Act> = fc.oneof(
  ...Object.entries(kinds).map(([kind, weight]) => {
    return { weight, arbitrary: fc.tuple(fc.constant(kind as Kind), id, fc.nat(700)) }
  }),
)

function perform(group: SimulatedGroup, [kind, member, n]: Act): void {
  if (kind === "freeze" || kind === "wake") group.freeze(member, kind === "freeze")
  else if (kind === "pass") group.pass(n)
  else if (kind === "restart") group.restart()
  else group[kind](member, n)
}

describe("whatever members do and suffer", () => {
  for (const assignor of [sticky, range]) {
    test(`each partition ends with one subscriber, evenly (${assignor === sticky ? "sticky" : "range"})`, () => {
      const property = fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(acts, { maxLength: 60 }),
        (partitions, run) => {
          const group = new SimulatedGroup(partitions, { ...rules, assignor })
          for (const each of run) perform(group, each)
          group.settle()
          expect(group.violations).toEqual([])
          const alive = [...group.processes.keys()]
          expect([...group.state.members.keys()].sort()).toEqual(alive.sort())
          for (const [partition, queue] of group.queues.entries()) {
            expect(queue).toHaveLength(alive.length === 0 ? 0 : 1)
            expect(group.listed[partition]).toEqual(queue)
          }
          const counts = alive.map((each) => assignmentOf(group.state, each).length)
          if (alive.length > 0) {
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
          }
        },
      )
      fc.assert(property, { seed, numRuns: 500 })
    })
  }

  test("an owner lets go only when its heir is there, and a hand-over is over only when it has let go", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(acts, { minLength: 40, maxLength: 150 }),
      (partitions, run) => {
        const group = new SimulatedGroup(partitions, rules)
        for (const each of run) {
          perform(group, each)
          for (const listed of group.listed) expect(listed.length).toBeLessThanOrEqual(2)
        }
        expect(group.violations).toEqual([])
      },
    )
    fc.assert(property, { seed, numRuns: 3_000 })
  })

  test("a quiet group stays as it is", () => {
    const group = new SimulatedGroup(16, rules)
    for (const each of ids) group.join(each)
    group.settle()
    const { generation } = group.state
    group.settle()
    expect(group.state.generation).toBe(generation)
    expect(group.effects.filter(({ kind }) => kind !== "handedOver")).toEqual([])
  })
})

/** Gives everything to one member as soon as it is there. */
const favouring = (favoured: string): Assignor => ({
  ...range,
  assign: (owners, members) =>
    owners.map(() => (members.includes(favoured) ? favoured : members[0])),
})

describe("a hand-over", () => {
  /** Two members share four partitions; the second has come later, and knows nothing yet. */
  function begun() {
    const group = new SimulatedGroup(4, rules)
    group.join("a")
    group.act("a")
    group.heartbeat("a")
    group.join("b")
    group.act("b")
    return group
  }

  test("goes step by step: the heir subscribes, then the owner drains, then it is the heir's", () => {
    const group = begun()
    expect(group.queues[3]).toEqual(["a", "b"])
    expect(assignmentOf(group.state, "a")).toEqual([0, 1, 2, 3])
    group.heartbeat("b")
    expect(assignmentOf(group.state, "a")).toEqual([0, 1])
    group.heartbeat("a")
    expect(group.queues[3]).toEqual(["a", "b"])
    expect(group.state.partitions[3]).toMatchObject({ kind: "revoking" })
    group.drain("a")
    group.heartbeat("a")
    expect(group.state.partitions[3]).toEqual({ kind: "owned", owner: "b" })
    expect(group.effects).toContainEqual({ kind: "handedOver", partition: 3, from: "a", to: "b" })
  })

  test("is called off when the heir goes before the owner was told", () => {
    const group = begun()
    group.leave("b")
    expect(group.state.partitions[3]).toEqual({ kind: "owned", owner: "a" })
  })

  test("goes back to the owner when the heir goes after that", () => {
    const group = begun()
    group.heartbeat("b")
    group.leave("b")
    expect(assignmentOf(group.state, "a")).toEqual([0, 1, 2, 3])
  })

  test("does not wait for an owner that is gone", () => {
    const group = begun()
    group.heartbeat("b")
    group.crash("a")
    group.pass(rules.sessionTimeoutMs / 2)
    group.heartbeat("b")
    group.pass(rules.sessionTimeoutMs / 2)
    expect(assignmentOf(group.state, "b")).toEqual([0, 1, 2, 3])
    expect(group.effects).toContainEqual({
      ...{ kind: "expired", member: "a" },
      partitions: [0, 1, 2, 3],
    })
  })

  test("ends with the owner fenced when it lives but does not drain in time", () => {
    const group = begun()
    group.heartbeat("b")
    for (let ms = 0; ms < rules.drainTimeoutMs; ms += 500) {
      group.heartbeat("a")
      group.heartbeat("b")
      group.pass(500)
    }
    expect(group.effects).toContainEqual({
      ...{ kind: "fence", member: "a", partition: 3, why: "undrained" },
      partitions: [0, 1, 2, 3],
    })
    expect(group.effects.filter(({ kind }) => kind === "fence")).toHaveLength(1)
    expect(assignmentOf(group.state, "b")).toEqual([0, 1, 2, 3])
    expect(assignmentOf(group.state, "a")).toEqual([])
  })

  test("that went back to the owner is nothing that it could be fenced for", () => {
    const group = begun()
    group.heartbeat("b")
    group.leave("b")
    for (let ms = 0; ms <= rules.drainTimeoutMs; ms += 500) {
      group.heartbeat("a")
      group.pass(500)
    }
    expect(group.effects).toEqual([])
    expect(group.state.partitions[3]).toEqual({ kind: "owned", owner: "a" })
  })

  test("that is heard to be over at the last moment fences nobody", () => {
    const patient = { ...rules, sessionTimeoutMs: 60_000 }
    const group = new SimulatedGroup(1, { ...patient, assignor: favouring("b") })
    group.join("a")
    group.act("a")
    group.join("b")
    group.act("b")
    group.heartbeat("b")
    group.heartbeat("a")
    group.drain("a")
    group.nowMs += rules.drainTimeoutMs
    group.heartbeat("a")
    expect(group.effects).toEqual([{ kind: "handedOver", partition: 0, from: "a", to: "b" }])
  })

  test("does not begin before the heir has said that it is subscribed", () => {
    const group = begun()
    group.send("b")
    expect(assignmentOf(group.state, "a")).toEqual([0, 1, 2, 3])
  })

  test("is not finished by what the owner said before it was told", () => {
    const group = new SimulatedGroup(4, rules)
    group.join("a")
    // Not subscribed to anything yet.
    group.send("a")
    group.act("a")
    group.join("b")
    group.act("b")
    group.heartbeat("b")
    group.hear("a", 0)
    expect(group.state.partitions[3]).toMatchObject({ kind: "revoking", owner: "a" })
  })
})

describe("a member that wants to leave", () => {
  test("goes on with what it has until the others are subscribed to it, and then has nothing", () => {
    const group = new SimulatedGroup(4, rules)
    for (const each of ["a", "b"]) group.join(each)
    group.settle()
    const had = assignmentOf(group.state, "a")
    group.leaveInTime("a")
    expect(assignmentOf(group.state, "a")).toEqual(had)
    group.heartbeat("b")
    expect(assignmentOf(group.state, "a")).toEqual(had)
    expect(assignmentOf(group.state, "b")).toEqual([0, 1, 2, 3])
    group.heartbeat("b")
    expect(assignmentOf(group.state, "a")).toEqual([])
    expect(group.queues[had[0]!]).toEqual(["a", "b"])
    group.heartbeat("a")
    group.drain("a")
    group.heartbeat("a")
    expect(group.queues.every(([first]) => first === "b")).toBe(true)
    expect(group.violations).toEqual([])
  })

  test("and is the only one has nothing at once", () => {
    const group = new SimulatedGroup(2, rules)
    group.join("a")
    group.settle()
    group.leaveInTime("a")
    expect(assignmentOf(group.state, "a")).toEqual([])
  })

  test("and joins again stays", () => {
    const group = new SimulatedGroup(2, rules)
    group.join("a")
    group.settle()
    group.leaveInTime("a")
    group.join("a")
    expect(assignmentOf(group.state, "a")).toEqual([0, 1])
  })
})

describe("a member that lives", () => {
  /** Heartbeats for so long, without acting on anything that it is told. */
  function idle(group: SimulatedGroup, member: string, forMs: number): void {
    for (let ms = 0; ms < forMs; ms += 500) {
      group.send(member)
      group.hear(member, 0)
      group.pass(500)
    }
  }

  test("and never subscribes to what it is assigned is a member no more", () => {
    const group = new SimulatedGroup(2, rules)
    group.join("a")
    idle(group, "a", rules.drainTimeoutMs)
    const unsubscribed = { kind: "fence", member: "a", partition: 0, why: "unsubscribed" } as const
    expect(group.effects).toEqual([{ ...unsubscribed, partitions: [0, 1] }])
  })

  test("and does not subscribe to what it is to take over is a member no more either", () => {
    const group = new SimulatedGroup(4, rules)
    group.join("a")
    group.act("a")
    group.join("b")
    for (let ms = 0; ms < rules.drainTimeoutMs; ms += 500) {
      group.heartbeat("a")
      group.send("b")
      group.hear("b", 0)
      group.pass(500)
    }
    const kinds = group.effects.map(({ kind }) => kind)
    expect(kinds).toEqual(["fence"])
    expect(assignmentOf(group.state, "a")).toEqual([0, 1, 2, 3])
  })

  test("and has lost a channel without saying so is found out by what it holds", () => {
    const group = new SimulatedGroup(2, rules)
    group.join("a")
    group.act("a")
    group.heartbeat("a")
    group.processes.get("a")!.open.delete(1)
    idle(group, "a", rules.drainTimeoutMs - 500)
    expect(group.effects).toEqual([])
    idle(group, "a", 500)
    expect(group.effects).toMatchObject([{ kind: "fence", partition: 1, why: "unsubscribed" }])
  })

  test("and subscribes late, but in time, stays, and so does one that joins again", () => {
    const group = new SimulatedGroup(2, rules)
    group.join("a")
    idle(group, "a", rules.drainTimeoutMs - 500)
    group.act("a")
    group.heartbeat("a")
    idle(group, "a", rules.drainTimeoutMs)
    group.join("a")
    idle(group, "a", rules.drainTimeoutMs - 500)
    expect(group.effects).toEqual([])
  })
})

describe("a coordinator that is started anew", () => {
  test("leaves every member with what it has, and takes the generation from them", () => {
    const group = new SimulatedGroup(16, rules)
    for (const each of ["a", "b", "c"]) group.join(each)
    group.settle()
    const before = group.queues.map((queue) => [...queue])
    const { generation } = group.state
    group.restart()
    for (const each of ["a", "b", "c"]) group.heartbeat(each)
    expect(group.queues).toEqual(before)
    expect(group.state.generation).toBeGreaterThan(generation)
    group.settle()
    expect(group.queues).toEqual(before)
  })

  test("gives what a member had that did not come back to the others, once it has waited", () => {
    const group = new SimulatedGroup(4, rules)
    for (const each of ["a", "b"]) group.join(each)
    group.settle()
    group.crash("b")
    group.restart()
    group.heartbeat("a")
    expect(assignmentOf(group.state, "a")).toHaveLength(2)
    group.settle()
    expect(assignmentOf(group.state, "a")).toHaveLength(4)
  })

  test("gives a partition that two hold to the one that comes first; the other drains it", () => {
    const group = new SimulatedGroup(1, rules)
    group.join("a")
    group.settle()
    group.join("b")
    group.restart()
    const holds = new Set([0])
    const events = ["b", "a"].map((member) => ({ kind: "returned", member, holds }) as const)
    const state = events.reduce(
      (each, event) => transition(each, event, rules, 0).state,
      group.state,
    )
    expect(state.partitions).toEqual([{ kind: "owned", owner: "b" }])
  })
})

test("a group that has just begun waits for those who are coming before it shares out", () => {
  const group = new SimulatedGroup(6, rules, 500)
  for (const each of ["a", "b", "c"]) group.join(each)
  expect(assignmentOf(group.state, "a")).toEqual([])
  group.pass(500)
  for (const each of ["a", "b", "c"]) expect(assignmentOf(group.state, each)).toHaveLength(2)
  expect(group.effects).toEqual([])
})

test("a heartbeat of somebody who is no member changes nothing", () => {
  const group = new SimulatedGroup(2, rules)
  group.join("a")
  const before = group.state
  const heard = { kind: "heard", member: "b", actedOn: 5, holds: new Set([0]) } as const
  expect(transition(before, heard, rules, 0)).toEqual({ state: before, effects: [] })
})

test("a partition moves once when a member joins, and only as many as balance asks for", () => {
  const group = new SimulatedGroup(64, rules)
  for (const each of ["a", "b", "c"]) group.join(each)
  group.settle()
  const settled = group.effects.length
  group.join("d")
  group.settle()
  expect(group.effects.slice(settled)).toHaveLength(16)
})
