import type { Goal } from "./goals.ts"
import { caseName, comparison, comparisonOnDisk } from "./plan.ts"
import type { OpenLoopResult } from "./programs/open-loop.ts"
import type { ResultDocument } from "./result-document.ts"
import type { CaseResult, LatencyResult } from "./run-plan.ts"
import { type Spread, spreadOf } from "./statistics.ts"
import { whereOn } from "./storage.ts"

const bytesOfMegabyte = 1024 ** 2
/** A program that somebody else runs changes the figures from here on. */
const disturbedPercent = 15

/** A run as Markdown that reads well on a terminal, too. */
export function resultText(result: ResultDocument): string {
  const compared = result.cases.filter(({ axis }) => axis === comparison)
  const onDisk = result.cases.filter(({ axis }) => axis === comparisonOnDisk)
  const grown = result.cases.filter((each) => !compared.includes(each) && !onDisk.includes(each))
  const parts = [
    circumstances(result),
    table(caseHeads, compared.map(caseRow)),
    ...[onDisk, grown].flatMap((of) => (of.length > 0 ? [table(caseHeads, of.map(caseRow))] : [])),
    latencyText(result.latency),
    table(["Goal", "Gate", "Aim", "Measured", "Verdict"], result.goals.map(goalRow)),
  ]
  return `${parts.join("\n\n")}\n`
}

function circumstances(result: ResultDocument): string {
  const { form, startedAt, machine, versions, cases, broker } = result
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const { cpu, cores, memoryBytes, system } = machine
  const gigabytes = (memoryBytes / 1024 ** 3).toFixed(0)
  const elsewhere = cases.flatMap(({ rounds }) => rounds.map((round) => round.elsewhere * 100))
  const { median, most } = spreadOf(elsewhere)
  return [
    `${form} form, ${startedAt.slice(0, 10)}; ${cpu}, ${cores} cores, ${gigabytes} GB, ${system};`,
    `${names.join(", ")};`,
    `the broker's data ${broker.medium === undefined ? "wherever it has them" : whereOn[broker.medium]} where nothing else is said.`,
    `Other processes took ${median.toFixed(0)} % of the machine (at most ${most.toFixed(0)} %).`,
    ...(most > disturbedPercent ? ["That is too much: where it was, figures mean little."] : []),
  ].join("\n")
}

const caseHeads = [
  ...["Case", "Messages/s (least to most)", "CPU µs/message", "Broker's CPU µs/message"],
  "Peak MB",
]

function caseRow(result: CaseResult): readonly string[] {
  const { missing, rounds } = result
  const name = caseName(result)
  if (missing !== undefined) return [name, `not measured: ${missing}`, "", "", ""]
  const of = (figure: keyof (typeof rounds)[number]) =>
    spreadOf(rounds.map((round) => round[figure]))
  const rate = of("messagesPerSecond")
  return [
    name,
    `${whole(rate.median)} (${whole(rate.least)} to ${whole(rate.most)})`,
    fixed(of("cpuMicros").median, 1),
    fixed(of("brokerCpuMicros").median, 0),
    fixed(of("peakBytes").most / bytesOfMegabyte, 0),
  ]
}

function latencyText({ maxRate, rate, direct, routed }: LatencyResult): string {
  const row = (name: string, results: readonly OpenLoopResult[]) => [
    name,
    ...(["p50", "p99", "p999", "max"] as const).map((figure) =>
      spreadOf(results.map((each) => each[figure])).median.toFixed(1),
    ),
  ]
  const rates = `${whole(rate)} messages/s, half of the ${whole(maxRate)} that get through`
  const heads = [`ms from producer to consumer at ${rates}`, "p50", "p99", "p99.9", "max"]
  return table(heads, [row("straight into the partition queues", direct), row("PartyMQ", routed)])
}

function goalRow({ figure, unit, bound, gate, aim, measured, verdict }: Goal): readonly string[] {
  const sign = bound === "least" ? "≥" : "≤"
  const limit = (value: number) => `${sign} ${value} ${unit}`.trimEnd()
  return [figure, limit(gate), limit(aim), measured ? shown(measured, unit) : "", verdict]
}

function shown({ median, least, most }: Spread, unit: Goal["unit"]): string {
  const digits = unit === "" ? 2 : 1
  const [middle, from, to] = [median, least, most].map((value) => value.toFixed(digits))
  return `${middle}${unit && ` ${unit}`} (${from} to ${to})`
}

/** What could not be measured is not a number, and null once it has been written as JSON. */
const fixed = (value: number | null, digits: number): string =>
  value === null || Number.isNaN(value) ? "?" : value.toFixed(digits)
const whole = (value: number): string => Math.round(value).toLocaleString("en-US")

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...rows.map((row) => row[at]!.length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`
  return [line(heads), rule, ...rows.map(line)].join("\n")
}
