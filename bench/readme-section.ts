import type { ResultDocument } from "./result-document.ts"
import { resultText } from "./result-text.ts"

const to = "<!-- Up to here. -->\n"

/** The README with the figures of a run in their place. */
export function withFigures(readme: string, result: ResultDocument): string {
  const chart = "![Messages per second, as bars](bench/results/chart.svg)"
  return withSection(readme, "bun run bench --readme", `${chart}\n\n${resultText(result)}`)
}

/** The README with a text in the place of what a command has written before. */
export function withSection(readme: string, command: string, text: string): string {
  const from = `<!-- Written by \`${command}\`. -->\n`
  const start = readme.indexOf(from)
  const end = readme.indexOf(to, start)
  if (start === -1 || end === -1) throw new Error(`the README has no lines ${from}and ${to}`)
  return `${readme.slice(0, start)}${from}\n${compact(text)}\n${readme.slice(end)}`
}

/** Tables as the rest of the README has them: not padded, which long rows do not bear. */
function compact(text: string): string {
  return text.replace(/^\|.*\|$/gm, (line) => line.replace(/ +\|/g, " |").replace(/-{3,}/g, "---"))
}
