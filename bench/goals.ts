import { comparison, cpuCaseLabel } from "./plan.ts"
import type { Measured } from "./run-once.ts"
import type { CaseResult, PlanResult } from "./run-plan.ts"
import { type Spread, spreadOf } from "./statistics.ts"
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

/** Judges the figures of one run by their medians; ratios are those of runs in the same round. */
export function goalsOf({ cases, latency }: PlanResult): readonly Goal[] {
  const find = (label: string) =>
    cases.find((each) => each.axis === comparison && each.label === label)
  const cpuCase = find(cpuCaseLabel)
  const routed = find(partymqAmqp.name)
  const direct = find(directPublish.name)
  const figure = (of: CaseResult | undefined, name: keyof Measured, divisor = 1) =>
    of?.rounds.map((round) => round[name] / divisor) ?? []
  const ratio = (of: CaseResult | undefined, to: CaseResult | undefined) =>
    ratios(figure(of, "messagesPerSecond"), figure(to, "messagesPerSecond"))
  const added = latency.routed.map(({ p99 }, round) => p99 - latency.direct[round]!.p99)
  const memory = [routed, cpuCase].flatMap((each) => figure(each, "peakBytes", bytesOfMegabyte))
  return [
    goal("router CPU per message", "µs", "most", 15, 9, figure(cpuCase, "cpuMicros")),
    goal("routed / direct publish", "", "least", 0.65, 0.8, ratio(routed, direct)),
    goal(
      ...(["routed / naive router on the same client", "", "least", 1.3, 1.6] as const),
      ratio(routed, find(naiveAmqpClient.name)),
    ),
    goal(
      ...(["routed / publish through x-consistent-hash", "", "least", 0.65, 0.8] as const),
      ratio(routed, find(consistentHashExchange.name)),
    ),
    goal(
      ...(["HTTP, 64 connections / direct publish", "", "least", 0.42, 0.5] as const),
      ratio(find(partymqHttp(64).name), direct),
    ),
    goal(
      ...(["HTTP, 256 connections / direct publish", "", "least", 0.52, 0.65] as const),
      ratio(find(partymqHttp(256).name), direct),
    ),
    goal(
      ...(["HTTP, batches of 100 / direct publish", "", "least", 0.65, 0.85] as const),
      ratio(find(partymqHttpBatch.name), direct),
    ),
    goal("added latency at half the maximum rate, p99", "ms", "most", 20, 5, added),
    goal("resident memory while routing, peak", "MB", "most", 120, 80, memory),
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
