import type { Scaling } from "./member-scaling.ts"

const width = 640
const barsFrom = 170
const barsWidth = 360
const rowHeight = 24
const barHeight = 14
const colours = { classic: "#0969da", quorum: "#1a7f37", linear: "#57606a", ink: "#24292f" }

/** Messages a second by members, as SVG: a line marks what would be linear. */
export function scalingChart(scaling: readonly Scaling[], under: string): string {
  const linear = ({ messagesPerSecond, ofLinear }: Scaling) => messagesPerSecond / ofLinear
  const most = Math.max(...scaling.map(linear))
  const at = (value: number) => Math.round(barsFrom + (value / most) * barsWidth)
  const drawn = scaling.flatMap((each, index) => {
    const y = 40 + index * rowHeight
    const { queues, members, messagesPerSecond } = each
    const end = at(messagesPerSecond)
    return [
      text(barsFrom - 10, y + 12, `${queues}, ${members}`, `text-anchor="end"`),
      `<rect x="${barsFrom}" y="${y}" width="${end - barsFrom}" height="${barHeight}" fill="${colours[queues]}"/>`,
      `<line x1="${at(linear(each))}" x2="${at(linear(each))}" y1="${y - 3}" y2="${y + barHeight + 3}" stroke="${colours.linear}" stroke-width="2"/>`,
      text(
        Math.max(end, at(linear(each))) + 8,
        y + 12,
        Math.round(messagesPerSecond).toLocaleString("en-US"),
      ),
    ]
  })
  const height = 40 + scaling.length * rowHeight + 26
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    "<title>Messages a second, by the number of members</title>",
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(16, 24, "Messages per second by queues and members; lines: linear", `font-weight="bold"`),
    ...drawn,
    text(16, height - 8, under, `font-size="11"`),
    "</svg>\n",
  ].join("\n")
}

function text(x: number, y: number, content: string, attributes = ""): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  return `<text x="${x}" y="${y}" fill="${colours.ink}" ${attributes}>${escaped}</text>`
}
