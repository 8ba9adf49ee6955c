import { afterEach, expect, test } from "bun:test"
import { sticky } from "../src/core/group/sticky.ts"
import { GroupCoordinator } from "../src/group-coordinator.ts"
import { quietLog } from "./support/test-router.ts"

const begun: GroupCoordinator[] = []
const cutOffs: [string, readonly string[]][] = []
const rules = { assignor: sticky, sessionTimeoutMs: 1_000, drainTimeoutMs: 3_000 }

function begin({ clock = { nowMs: 0 }, initialDelayMs = 0, firstGeneration = 0 } = {}) {
  let ids = 0
  const coordinator = new GroupCoordinator({
    topic: "t",
    group: "g",
    queues: ["q0", "q1", "q2", "q3"],
    rules,
    initialDelayMs,
    firstGeneration,
    log: quietLog,
    now: () => clock.nowMs,
    newId: () => `made-up-${++ids}`,
    cutOff: async (member, queues) => cutOffs.push([member, queues]),
  })
  begun.push(coordinator)
  return { coordinator, clock }
}

afterEach(() => {
  for (const each of begun.splice(0)) each.stop()
  cutOffs.length = 0
})

test("the first member gets every partition, with its queue", () => {
  const { coordinator } = begin()
  expect(coordinator.join()).toEqual({
    memberId: "made-up-1",
    generation: 1,
    partitions: ["q0", "q1", "q2", "q3"].map((queue, partition) => ({ partition, queue })),
    heartbeatIntervalMs: 200,
  })
})

test("a member that comes again keeps its partitions under its name", () => {
  const { coordinator } = begin()
  const { partitions } = coordinator.join("pod-1")
  coordinator.join("pod-2")
  expect(coordinator.join("pod-1").partitions.length).toBeGreaterThan(0)
  expect(coordinator.counts.members).toBe(2)
  expect(partitions).toHaveLength(4)
})

test("a hand-over goes by the heartbeats of both, and is counted", () => {
  const { coordinator } = begin()
  const a = coordinator.join("a")
  coordinator.heartbeat("a", { generation: a.generation, partitions: [0, 1, 2, 3] })
  const b = coordinator.join("b")
  const moving = b.partitions.map(({ partition }) => partition)
  expect(moving).toEqual([2, 3])
  coordinator.heartbeat("b", { generation: b.generation, partitions: moving })
  const told = coordinator.heartbeat("a", { generation: a.generation, partitions: [0, 1, 2, 3] })!
  expect(told.partitions.map(({ partition }) => partition)).toEqual([0, 1])
  coordinator.heartbeat("a", { generation: told.generation, partitions: [0, 1, 2] })
  expect(coordinator.counts.handedOver).toBe(1)
  coordinator.heartbeat("a", { generation: told.generation, partitions: [0, 1] })
  expect(coordinator.counts.handedOver).toBe(2)
})

test("one that is not heard of in time is none any more", () => {
  const { coordinator, clock } = begin()
  coordinator.join("a")
  clock.nowMs = 1_000
  coordinator.join("b")
  expect(coordinator.counts).toMatchObject({ members: 1, expired: 1 })
  expect(coordinator.heartbeat("a", { generation: 1, partitions: [0] })).toBeUndefined()
})

test("soon after the start a member of before comes back by a heartbeat, and later it does not", () => {
  const { coordinator, clock } = begin({ initialDelayMs: 500, firstGeneration: 1_000 })
  const back = coordinator.heartbeat("old", { generation: 41, partitions: [1, 3] })!
  expect(back.partitions.map(({ partition }) => partition)).toEqual([1, 3])
  expect(back.generation).toBe(1_001)
  clock.nowMs = 1_000
  expect(coordinator.heartbeat("older", { generation: 41, partitions: [0] })).toBeUndefined()
})

test("what a member said to another coordinator counts for nothing once it has joined this one", () => {
  const { coordinator } = begin()
  const { generation } = coordinator.join("a")
  coordinator.heartbeat("a", { generation: 50, partitions: [] })
  coordinator.heartbeat("a", { generation, partitions: [0, 1, 2, 3] })
  const b = coordinator.join("b")
  coordinator.heartbeat("b", { generation: b.generation, partitions: [2, 3] })
  const told = coordinator.heartbeat("a", { generation, partitions: [0, 1, 2, 3] })!
  coordinator.heartbeat("a", { generation: told.generation, partitions: [0, 1] })
  expect(coordinator.counts.handedOver).toBe(2)
})

test("a time in which the process stood still is nobody's silence", () => {
  const { coordinator, clock } = begin()
  const { generation } = coordinator.join("a")
  clock.nowMs = 3_600_000
  expect(coordinator.heartbeat("a", { generation, partitions: [0] })).toBeDefined()
  expect(coordinator.counts).toMatchObject({ members: 1, expired: 0 })
})

test("others are waited for from the first member on, however late that comes", () => {
  const { coordinator, clock } = begin({ initialDelayMs: 500 })
  clock.nowMs = 60_000
  expect(coordinator.join("a").partitions).toEqual([])
  clock.nowMs += 500
  expect(coordinator.join("b").partitions).toHaveLength(2)
})

test("one that leaves is none, and cannot leave twice", () => {
  const { coordinator } = begin()
  coordinator.join("a")
  expect([coordinator.leave("a"), coordinator.leave("a")]).toEqual([true, false])
})

test("one that has expired is cut off if it does not come back by and by", () => {
  const { coordinator, clock } = begin()
  coordinator.join("a")
  clock.nowMs = 1_000
  coordinator.join("b")
  clock.nowMs = 1_900
  coordinator.join("b")
  expect(cutOffs).toEqual([])
  clock.nowMs = 2_000
  coordinator.join("b")
  expect(cutOffs).toEqual([["a", ["q0", "q1", "q2", "q3"]]])
})

test("one that has expired and comes back in time is not cut off", () => {
  const { coordinator, clock } = begin()
  coordinator.join("a")
  clock.nowMs = 1_000
  coordinator.join("b")
  clock.nowMs = 1_500
  coordinator.join("a")
  for (clock.nowMs = 1_900; clock.nowMs < 4_000; clock.nowMs += 500) {
    for (const member of ["a", "b"]) coordinator.join(member)
  }
  expect(coordinator.counts.expired).toBe(1)
  expect(cutOffs).toEqual([])
})

test("one that is fenced is cut off at once", () => {
  const { coordinator, clock } = begin()
  const { generation } = coordinator.join("a")
  for (; clock.nowMs <= 3_000; clock.nowMs += 500) {
    coordinator.heartbeat("a", { generation, partitions: [0, 1] })
  }
  expect(coordinator.counts).toMatchObject({ members: 0, fenced: 1, expired: 0 })
  expect(cutOffs).toEqual([["a", ["q0", "q1", "q2", "q3"]]])
})
