import type { ResultDocument } from "./result-document.ts"
import { resultText } from "./result-text.ts"

const from = "<!-- Written by `bun run bench --readme`. -->\n"
const to = "<!-- Up to here. -->\n"

/** The README with the figures of a run in their place. */
export function withFigures(readme: string, result: ResultDocument): string {
  const start = readme.indexOf(from)
  const end = readme.indexOf(to)
  if (start === -1 || end < start) throw new Error(`the README has no lines ${from}and ${to}`)
  const chart = "![Messages per second, as bars](bench/results/chart.svg)"
  const figures = `${from}\n${chart}\n\n${compact(resultText(result))}\n`
  return readme.slice(0, start) + figures + readme.slice(end)
}

/** Tables as the rest of the README has them: not padded, which long rows do not bear. */
function compact(text: string): string {
  return text.replace(/^\|.*\|$/gm, (line) => line.replace(/ +\|/g, " |").replace(/-{3,}/g, "---"))
}
