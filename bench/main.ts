/**
 * Compares PartyMQ with what else could be done, in one session: `bun run bench`, seven to ten minutes.
 *
 *   --quick, --smoke   less of it, see `plans`
 *   --output json      the whole result as one document instead of tables
 *   --results FOLDER   where tables, figures and the chart go; the full form's go to `bench/results`
 *   --readme           puts the figures into the README as well
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { type Form, plans } from "./plan.ts"
import { withFigures } from "./readme-section.ts"
import { resultChart } from "./result-chart.ts"
import { type ResultDocument, resultDocument } from "./result-document.ts"
import { resultText } from "./result-text.ts"
import { runPlan } from "./run-plan.ts"
import { withBenchBrokers } from "./with-bench-brokers.ts"

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    output: { type: "string", default: "text" },
    results: { type: "string" },
    readme: { type: "boolean", default: false },
  },
})
const form: Form = values.smoke ? "smoke" : values.quick ? "quick" : "full"
const folder = values.results ?? (form === "full" ? join(import.meta.dir, "results") : undefined)

const readme = join(import.meta.dir, "../README.md")

const result = await measured()
if (folder !== undefined) write(folder, result)
if (values.readme) writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), result))
console.log(values.output === "json" ? JSON.stringify(result) : resultText(result))

function measured(): Promise<ResultDocument> {
  const startedAt = new Date()
  return withBenchBrokers(async (bench) => {
    const found = await runPlan(bench, plans[form])
    return resultDocument(form, startedAt, found)
  })
}

function write(to: string, document: ResultDocument): void {
  mkdirSync(to, { recursive: true })
  writeFileSync(join(to, "results.json"), `${JSON.stringify(document, undefined, 1)}\n`)
  writeFileSync(join(to, "results.md"), resultText(document))
  writeFileSync(join(to, "chart.svg"), resultChart(document))
}
