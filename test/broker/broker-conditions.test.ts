import { expect, test } from "bun:test"
import { BrokerConditions } from "../../src/broker/broker-conditions.ts"
import { bounds } from "../../src/core/bounds.ts"
import { routerStats } from "../../src/core/stats.ts"
import { createLog } from "../../src/log.ts"

/** What is said of a router whose state a test sets, a second after the other. */
function conditions() {
  const said: string[] = []
  const stream = { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) }
  const state = { blocked: undefined as string | undefined, isPaused: false, mute: [] as string[] }
  const stats = routerStats({ t: ["g"] })
  let nowMs = 0
  const watch = new BrokerConditions(
    {
      log: createLog({ level: "info", isPretty: false, stream }),
      stats,
      blocked: () => state.blocked,
      isPaused: () => state.isPaused,
      mute: () => state.mute,
    },
    () => nowMs,
  )
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1_000
      watch.check()
    }
  }
  return { said, state, stats, watch, pass }
}

const calmSeconds = bounds.conditionCalmMs / 1_000

test("a broker that blocks publishers is said at once, and that it no longer does", () => {
  const { said, state, pass } = conditions()
  pass(3)
  state.blocked = "low on memory"
  pass(60)
  expect(said).toEqual(["the broker blocks publishers; nothing is published"])
  state.blocked = undefined
  pass(calmSeconds)
  expect(said.slice(1)).toEqual(["the broker takes publishes again"])
})

test("a source that is not read is said after a while, and a short pause is not", () => {
  const { said, state, pass } = conditions()
  const saidAfter = bounds.pauseSaidAfterMs / 1_000
  for (let round = 0; round < 5; round++) {
    state.isPaused = true
    pass(saidAfter - 1)
    state.isPaused = false
    pass(1)
  }
  expect(said).toEqual([])
  state.isPaused = true
  pass(saidAfter + 30)
  state.isPaused = false
  pass(calmSeconds)
  expect(said).toHaveLength(2)
  expect(said[0]).toContain("too many bytes")
  expect(said[1]).toBe("sources are read on")
})

test("a source is stalled when one message stays, and not when there is always one", () => {
  const { said, stats, pass } = conditions()
  const topic = stats.topics.t!
  for (let second = 0; second < 120; second++) {
    topic.oldestArrivedMs = () => Date.now() - 1_000
    pass(1)
  }
  expect(said).toEqual([])
  topic.oldestArrivedMs = () => Date.now() - bounds.stallSaidAfterMs
  pass(60)
  expect(said).toHaveLength(1)
  expect(said[0]).toContain("does not settle")
  topic.oldestArrivedMs = () => undefined
  pass(calmSeconds)
  expect(said.slice(1)).toEqual(["the source settles again"])
})

test("a channel that is closed over each of a thousand messages is two lines", () => {
  const { said, watch, pass } = conditions()
  for (let second = 0; second < 100; second++) {
    for (let n = 0; n < 10; n++) watch.channelClosed(`channel ${n} closed: x (406)`)
    pass(1)
  }
  pass(calmSeconds)
  expect(said).toHaveLength(2)
  expect(said[1]).toBe("the publish channel stays open")
})

test("queues that do not answer are said one by one", () => {
  const { said, state, pass } = conditions()
  state.mute = ["one", "two"]
  pass(10)
  expect(said).toHaveLength(2)
  state.mute = ["two"]
  pass(calmSeconds)
  expect(said.slice(2)).toEqual(["the queue answers again"])
})
