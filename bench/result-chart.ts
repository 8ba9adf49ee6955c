/**
 * The chart, written out by hand: it is a list of bars, and the libraries that draw one without a browser
 * are larger than all that PartyMQ depends on.
 */
import { caseName, comparison, comparisonOnDisk } from "./plan.ts"
import type { ResultDocument } from "./result-document.ts"
import type { CaseResult } from "./run-plan.ts"
import { spreadOf } from "./statistics.ts"

const width = 860
const barsFrom = 330
const barsWidth = 420
const rowHeight = 24
const headHeight = 34
const barHeight = 14
const ink = "#24292f"
const colours = { partymq: "#0969da", other: "#8c959f", whisker: "#57606a" }

/** Messages a second by case, as SVG: bars are medians, lines the least and the most. */
export function resultChart({ cases, machine, versions, startedAt }: ResultDocument): string {
  const shown = cases.filter(({ rounds }) => rounds.length > 0)
  const most = Math.max(...shown.map((each) => rates(each).most))
  const compared = shown.filter(({ axis }) => axis === comparison)
  const onDisk = shown.filter(({ axis }) => axis === comparisonOnDisk)
  const grown = shown.filter((each) => !compared.includes(each) && !onDisk.includes(each))
  const parts = [
    { title: "Messages per second", of: compared },
    { title: "With the broker's data on a disk", of: onDisk },
    { title: "PartyMQ, AMQP, as things grow", of: grown },
  ].filter(({ of }) => of.length > 0)
  let y = 0
  const drawn: string[] = []
  for (const { title, of } of parts) {
    drawn.push(text(16, y + 24, title, `font-weight="bold" font-size="15"`))
    y += headHeight
    for (const each of of) {
      drawn.push(...row(each, y, most))
      y += rowHeight
    }
    y += 8
  }
  const { cpu, cores } = machine
  const under = `${cpu}, ${cores} cores; RabbitMQ ${versions.rabbitmq}; ${startedAt.slice(0, 10)}`
  drawn.push(text(16, y + 14, under, `font-size="11"`))
  const height = y + 28
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    "<title>Messages a second, by what routes them</title>",
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n")
}

function row(result: CaseResult, y: number, scale: number): readonly string[] {
  const { median, least, most } = rates(result)
  const isCompared = [comparison, comparisonOnDisk].includes(result.axis)
  const label = isCompared ? result.label : caseName(result)
  const isOurs = !isCompared || label.startsWith("PartyMQ")
  const colour = isOurs ? colours.partymq : colours.other
  const at = (value: number) => Math.round(barsFrom + (value / scale) * barsWidth)
  const middle = y + barHeight / 2
  return [
    text(barsFrom - 10, y + 12, label, `text-anchor="end"`),
    `<rect x="${barsFrom}" y="${y}" width="${at(median) - barsFrom}" height="${barHeight}" fill="${colour}"/>`,
    `<line x1="${at(least)}" x2="${at(most)}" y1="${middle}" y2="${middle}" stroke="${colours.whisker}" stroke-width="2"/>`,
    text(at(most) + 8, y + 12, Math.round(median).toLocaleString("en-US")),
  ]
}

const rates = ({ rounds }: CaseResult) =>
  spreadOf(rounds.map(({ messagesPerSecond }) => messagesPerSecond))

function text(x: number, y: number, content: string, attributes = ""): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  return `<text x="${x}" y="${y}" fill="${ink}" ${attributes}>${escaped}</text>`
}
