import { describe, expect, test } from "bun:test"
import { goalsOf } from "../../bench/goals.ts"
import { comparison, comparisonOnDisk, cpuCaseLabel } from "../../bench/plan.ts"
import type { OpenLoopResult } from "../../bench/programs/open-loop.ts"
import type { CaseResult } from "../../bench/run-plan.ts"
import { percentile, spreadOf } from "../../bench/statistics.ts"
import { baseWorkload } from "../../bench/workload.ts"

const megabyte = 1024 ** 2

function compared(label: string, rates: readonly number[], cpuMicros = 10): CaseResult {
  const rest = { cpuMicros, brokerCpuMicros: 50, peakBytes: 100 * megabyte, elsewhere: 0 }
  const rounds = rates.map((messagesPerSecond) => ({ messagesPerSecond, ...rest }))
  return { axis: comparison, label, workload: baseWorkload, rounds }
}

const latency = (p99: number): OpenLoopResult => {
  return { messagesPerSecond: 5_000, p50: 1, p99, p999: p99, max: p99 }
}

function judged(figure: string) {
  const goals = goalsOf({
    cases: [
      compared("direct publish", [10_000, 20_000, 40_000]),
      compared("naive router, @cloudamqp/amqp-client", [9_000, 10_000, 20_000]),
      compared("PartyMQ, AMQP", [9_000, 14_000, 28_000]),
      compared(cpuCaseLabel, [9_000], 16),
      { ...compared("PartyMQ, HTTP, batches of 100", []), missing: "it takes no batches" },
      { ...compared("direct publish", [10_000, 10_000]), axis: comparisonOnDisk },
      { ...compared("PartyMQ, AMQP", [5_000, 6_000]), axis: comparisonOnDisk },
    ],
    broker: { version: "4.0.5", medium: "memory" },
    latency: {
      ...{ maxRate: 10_000, rate: 5_000 },
      direct: [latency(3), latency(30), latency(4)],
      routed: [latency(10), latency(31), latency(11)],
    },
  })
  return goals.find((goal) => goal.figure.startsWith(figure))
}

describe("the goals", () => {
  test("compare runs of the same round, and take the median of what comes of it", () => {
    const goal = judged("routed / direct publish")
    expect(goal?.measured).toEqual({ median: 0.7, least: 0.7, most: 0.9 })
    expect(goal?.verdict).toBe("gate passed")
    expect(judged("routed / naive")?.verdict).toBe("gate passed")
  })

  test("are failed on the wrong side of the gate", () => {
    expect(judged("router CPU")?.verdict).toBe("failed")
  })

  test("count the latency that is added to what a queue alone takes, round by round", () => {
    const goal = judged("added latency")
    expect(goal?.measured).toEqual({ median: 7, least: 1, most: 7 })
    expect(goal?.verdict).toBe("gate passed")
  })

  test("are judged once more with the broker's data on a disk, of what was run so", () => {
    const goal = judged("routed / direct publish, broker's data on a disk")
    expect(goal?.measured).toEqual({ median: 0.55, least: 0.5, most: 0.6 })
    expect(goal?.verdict).toBe("failed")
    expect(judged("routed / naive router on the same client, broker's")).toBeUndefined()
  })

  test("are not judged by what did not take part", () => {
    expect(judged("HTTP, batches")?.verdict).toBe("not measured")
    expect(judged("routed / publish through")?.verdict).toBe("not measured")
  })
})

test("medians and percentiles are values that were measured, or the middle of two", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 })
  expect(spreadOf([4, 1, 2, 3]).median).toBe(2.5)
  const sorted = Array.from({ length: 1_000 }, (_, index) => index + 1)
  expect([0.5, 0.99, 0.999, 1].map((share) => percentile(sorted, share))).toEqual([
    500, 990, 999, 1_000,
  ])
})
