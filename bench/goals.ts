import { comparison, comparisonOnDisk, cpuCaseLabel } from "./plan.ts"
import type { Measured } from "./run-once.ts"
import type { CaseResult, PlanResult } from "./run-plan.ts"
import { type Spread, spreadOf } from "./statistics.ts"
import type { Subject } from "./subject.ts"
import { consistentHashExchange } from "./subjects/consistent-hash-exchange.ts"
import { directPublish } from "./subjects/direct-publish.ts"
import { naiveAmqpClient } from "./subjects/naive-amqp-client.ts"
import { partymqAmqp } from "./subjects/partymq-amqp.ts"
import { partymqHttp } from "./subjects/partymq-http.ts"
import { partymqHttpBatch } from "./subjects/partymq-http-batch.ts"

/** What PartyMQ is to reach, and whether it did. */
export interface Goal {
  readonly figure: string
  readonly unit: "" | "µs" | "ms" | "MB"
  /** Whether the figure is to be at least or at most what is asked. */
  readonly bound: "least" | "most"
  /** What it has to be, and what it should be. */
  readonly gate: number
  readonly aim: number
  /** Absent when it could not be measured. */
  readonly measured?: Spread
  readonly verdict: "aim reached" | "gate passed" | "failed" | "not measured"
}

const bytesOfMegabyte = 1024 ** 2

/** How the rates of two subjects are to compare, in each comparison that has both. */
interface RateGoal {
  readonly figure: string
  readonly of: Subject
  readonly to: Subject
  readonly gate: number
  readonly aim: number
}

const overDirect = { to: directPublish }
const rateGoals: readonly RateGoal[] = [
  { figure: "routed / direct publish", of: partymqAmqp, ...overDirect, gate: 0.65, aim: 0.8 },
  {
    figure: "routed / naive router on the same client",
    ...{ of: partymqAmqp, to: naiveAmqpClient, gate: 1.3, aim: 1.6 },
  },
  {
    figure: "routed / publish through x-consistent-hash",
    ...{ of: partymqAmqp, to: consistentHashExchange, gate: 0.65, aim: 0.8 },
  },
  {
    figure: "HTTP, 64 connections / direct publish",
    ...{ of: partymqHttp(64), ...overDirect, gate: 0.42, aim: 0.5 },
  },
  {
    figure: "HTTP, 256 connections / direct publish",
    ...{ of: partymqHttp(256), ...overDirect, gate: 0.52, aim: 0.65 },
  },
  {
    figure: "HTTP, batches of 100 / direct publish",
    ...{ of: partymqHttpBatch, ...overDirect, gate: 0.65, aim: 0.85 },
  },
]

/** Judges the figures of one run by their medians; ratios are those of runs in the same round. */
export function goalsOf({ cases, latency }: PlanResult): readonly Goal[] {
  const figure = (of: CaseResult | undefined, name: keyof Measured, divisor = 1) =>
    of?.rounds.map((round) => round[name] / divisor) ?? []
  const compared = (label: string, axis = comparison) =>
    cases.find((each) => each.axis === axis && each.label === label)
  const rateGoal = (axis: string, where: string) => (asked: RateGoal) => {
    const rates = ({ name }: Subject) => figure(compared(name, axis), "messagesPerSecond")
    const { gate, aim } = asked
    const values = ratios(rates(asked.of), rates(asked.to))
    return goal(`${asked.figure}${where}`, "", "least", gate, aim, values)
  }
  const isOnDisk = ({ of, to }: RateGoal) =>
    [of, to].every(({ name }) => compared(name, comparisonOnDisk) !== undefined)
  const cpuCase = compared(cpuCaseLabel)
  const added = latency.routed.map(({ p99 }, round) => p99 - latency.direct[round]!.p99)
  const memory = [compared(partymqAmqp.name), cpuCase].flatMap((each) =>
    figure(each, "peakBytes", bytesOfMegabyte),
  )
  return [
    goal("router CPU per message", "µs", "most", 15, 9, figure(cpuCase, "cpuMicros")),
    ...rateGoals.map(rateGoal(comparison, "")),
    goal("added latency at half the maximum rate, p99", "ms", "most", 20, 5, added),
    goal("resident memory while routing, peak", "MB", "most", 120, 80, memory),
    ...rateGoals.filter(isOnDisk).map(rateGoal(comparisonOnDisk, ", broker's data on a disk")),
  ]
}

function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.flatMap((value, round) => (to[round] === undefined ? [] : [value / to[round]]))
}

function goal(
  figure: string,
  unit: Goal["unit"],
  bound: Goal["bound"],
  gate: number,
  aim: number,
  values: readonly number[],
): Goal {
  const asked = { figure, unit, bound, gate, aim }
  if (values.length === 0 || values.some(Number.isNaN)) return { ...asked, verdict: "not measured" }
  const measured = spreadOf(values)
  const reaches = (limit: number) =>
    bound === "least" ? measured.median >= limit : measured.median <= limit
  const verdict = reaches(aim) ? "aim reached" : reaches(gate) ? "gate passed" : "failed"
  return { ...asked, measured, verdict }
}
