import type { BenchBroker } from "./bench-broker.ts"
import { type Case, caseName, type Plan } from "./plan.ts"
import type { OpenLoopResult } from "./programs/open-loop.ts"
import { type Between, runLatency } from "./run-latency.ts"
import { type Measured, runOnce } from "./run-once.ts"
import type { Bench } from "./with-bench-brokers.ts"
import type { Workload } from "./workload.ts"

/** What one case came to, round by round. */
export interface CaseResult {
  readonly axis: string
  readonly label: string
  readonly workload: Workload
  /** Why it did not take part; then there are no rounds. */
  readonly missing?: string
  readonly rounds: readonly Measured[]
}

export interface LatencyResult {
  /** What gets from producer to consumer at most, through PartyMQ. */
  readonly maxRate: number
  /** The half of it, at which latencies are measured. */
  readonly rate: number
  /** Straight into the partition queues, and through PartyMQ. */
  readonly direct: readonly OpenLoopResult[]
  readonly routed: readonly OpenLoopResult[]
}

export interface PlanResult {
  readonly broker: Pick<BenchBroker, "version" | "medium">
  readonly cases: readonly CaseResult[]
  readonly latency: LatencyResult
}

type Step = (text: string) => void

/**
 * Runs a plan: a round of all cases, then the next, each beginning with another one, so that what else
 * happens on the machine meets all of them alike. The broker has its data in memory; once all is done
 * another one, with its data on a disk, runs what the plan has for that. Where there is no choice,
 * because the broker is somebody else's or the machine has only one kind, that is left out.
 */
export async function runPlan(bench: Bench, plan: Plan): Promise<PlanResult> {
  const { latency, onDisk } = plan
  const total = runs(plan.cases) + 1 + latency.rounds * 2 + runs(onDisk)
  let done = 0
  const step = (text: string) => bench.progress.step(text, done++, total)
  const broker = await bench.broker("memory")
  const found = await runCases(broker, plan.cases, step)
  const latencies = await runLatencies(broker, latency, step)
  await broker.stop()
  const foundOnDisk = broker.medium === "memory" ? await runOnDisk(bench, onDisk, step) : []
  const { version, medium } = broker
  const cases = [...found, ...foundOnDisk]
  return { broker: { version, ...(medium && { medium }) }, cases, latency: latencies }
}

/** Of cases, the one included that does not count. */
const runs = (cases: readonly Case[]) =>
  cases.length === 0 ? 0 : cases.reduce((sum, { rounds }) => sum + rounds, 1)

async function runOnDisk(
  bench: Bench,
  cases: readonly Case[],
  step: Step,
): Promise<readonly CaseResult[]> {
  if (cases.length === 0) return []
  const broker = await bench.broker("disk")
  return broker.medium === "disk" ? await runCases(broker, cases, step) : []
}

async function runCases(
  broker: BenchBroker,
  cases: readonly Case[],
  step: Step,
): Promise<readonly CaseResult[]> {
  const [first] = cases
  if (first !== undefined) {
    // A broker that has just started is slower than it will ever be again.
    step("a run that does not count")
    await runOnce(broker, first.subject, first.workload)
  }
  const results = cases.map((): { missing?: string; rounds: Measured[] } => ({ rounds: [] }))
  const rounds = Math.max(...cases.map((each) => each.rounds))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < cases.length; turn++) {
      const index = (turn + round * 3) % cases.length
      const each = cases[index]!
      const result = results[index]!
      if (round >= each.rounds) continue
      step(caseName(each))
      if (result.missing !== undefined) continue
      const measured = await runOnce(broker, each.subject, each.workload).catch((error: Error) => {
        throw new Error(`${each.subject.name} (${each.label}): ${error.message}`)
      })
      if ("missing" in measured) result.missing = measured.missing
      else result.rounds.push(measured)
    }
  }
  return cases.map(({ axis, label, workload }, index) => {
    return { axis, label, workload, ...results[index]! }
  })
}

async function runLatencies(
  broker: BenchBroker,
  { rounds, workload }: Plan["latency"],
  step: Step,
): Promise<LatencyResult> {
  step("latency: the most that gets through")
  const { messagesPerSecond: maxRate } = await runLatency(broker, "PartyMQ", workload, undefined)
  const rate = maxRate / 2
  const results: { readonly [between in Between]: OpenLoopResult[] } = { nothing: [], PartyMQ: [] }
  for (let round = 0; round < rounds; round++) {
    for (const between of ["nothing", "PartyMQ"] as const) {
      step(`latency: ${between} between producer and consumers`)
      results[between].push(await runLatency(broker, between, workload, rate))
    }
  }
  return { maxRate, rate, direct: results.nothing, routed: results.PartyMQ }
}
