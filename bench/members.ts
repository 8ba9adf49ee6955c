/**
 * Measures the consumers of a group: how long a partition is nobody's when it is handed over, and
 * what more members gain. Router and members share this process. `bun bench/members.ts`, some two minutes.
 *
 *   --quick         less of it
 *   --output json   the whole result as one document instead of tables
 *   --readme        puts table and chart into `bench/results` and the README
 */
import { readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { QueueType } from "./members/bench-group.ts"
import { type Gaps, handOverGaps } from "./members/hand-over-gap.ts"
import { memberScaling, type Scaling } from "./members/member-scaling.ts"
import { scalingChart } from "./members/scaling-chart.ts"
import { withSection } from "./readme-section.ts"
import { withBenchBrokers } from "./with-bench-brokers.ts"

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    output: { type: "string", default: "text" },
    readme: { type: "boolean", default: false },
  },
})
const rounds = values.quick ? 2 : 10
const seconds = values.quick ? 2 : 5
const types: readonly QueueType[] = ["classic", "quorum"]

interface Measured {
  readonly gaps: readonly Gaps[]
  readonly scaling: readonly Scaling[]
  readonly version: string
}

const measured = await withBenchBrokers(async (bench): Promise<Measured> => {
  const { progress } = bench
  const broker = await bench.broker("disk")
  const gaps: Gaps[] = []
  const scaling: Scaling[] = []
  for (const [at, type] of types.entries()) {
    progress.step(`hand-overs, ${type} queues`, at * 2, types.length * 2)
    gaps.push(...(await handOverGaps(broker, type, rounds)))
    progress.step(`1 to 16 members, ${type} queues`, at * 2 + 1, types.length * 2)
    scaling.push(...(await memberScaling(broker, type, [1, 2, 4, 8, 16], seconds)))
  }
  return { gaps, scaling, version: broker.version }
})
const { gaps, scaling } = measured
if (values.readme) write(measured)
console.log(values.output === "json" ? JSON.stringify({ gaps, scaling }) : text(gaps, scaling))
process.exit(0)

function write({ gaps, scaling, version }: Measured): void {
  const under = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores; RabbitMQ ${version}; Bun ${Bun.version}; ${new Date().toISOString().slice(0, 10)}`
  const file = (name: string) => join(import.meta.dir, "results", name)
  writeFileSync(file("members.svg"), scalingChart(scaling, under))
  writeFileSync(file("members.md"), `${under}\n\n${text(gaps, scaling)}\n`)
  const readme = join(import.meta.dir, "../README.md")
  const chart = "![Messages per second by members, as bars](bench/results/members.svg)"
  const section = `${chart}\n\n${under}\n\n${text(gaps, scaling)}\n`
  const command = "bun bench/members.ts --readme"
  writeFileSync(readme, withSection(readFileSync(readme, "utf8"), command, section))
}

function text(gaps: readonly Gaps[], scaling: readonly Scaling[]): string {
  const ms = (value: number) => value.toFixed(1)
  return [
    "| Queues | A partition moves because | Hand-overs | ms, median | p99 | most |",
    "| --- | --- | --- | --- | --- | --- |",
    ...gaps.map(({ queues, why, handOvers, medianMs, p99Ms, mostMs }) => {
      return `| ${queues} | ${why} | ${handOvers} | ${ms(medianMs)} | ${ms(p99Ms)} | ${ms(mostMs)} |`
    }),
    "",
    "| Queues | Members | Messages/s | Of linear |",
    "| --- | --- | --- | --- |",
    ...scaling.map(({ queues, members, messagesPerSecond, ofLinear }) => {
      return `| ${queues} | ${members} | ${Math.round(messagesPerSecond)} | ${Math.round(ofLinear * 100)} % |`
    }),
  ].join("\n")
}
