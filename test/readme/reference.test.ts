import { expect, test } from "bun:test"
import { annotate } from "../../src/core/dead-letter.ts"
import type { ConsumerDeadLetterReason } from "../../src/core/outcome.ts"
import { topicStats } from "../../src/core/stats.ts"
import { problemCatalogue } from "../../src/http/problem-catalogue.ts"
import { serveHttp } from "../../src/http/serve-http.ts"
import { builtInPartitioners } from "../../src/plugin/built-in.ts"
import { importPlugin } from "../../src/plugin/import-plugin.ts"
import { decodeTable } from "../../src/wire/field.ts"
import { appendHeaders, headerEntries, removeHeaders } from "../../src/wire/headers.ts"
import { replaceProperty } from "../../src/wire/properties.ts"
import { createToldRouter } from "../http/told-router.ts"
import { quietLog } from "../support/test-router.ts"
import { firstCells, readPage, rows } from "./pages.ts"

test("the table of problems is the catalogue", async () => {
  const shown = rows(await readPage("docs/http.md")).filter(({ section }) => section === "Problems")
  const catalogue = Object.entries(problemCatalogue).map(([code, { status, retriable }]) => [
    code,
    String(status),
    retriable ? "yes" : "no",
  ])
  expect(shown.map(({ cells }) => cells.slice(0, 3)).sort()).toEqual(catalogue.sort())
})

test("the table of metrics is what /metrics answers, with type and labels", async () => {
  const router = createToldRouter()
  const server = serveHttp(router, quietLog)
  try {
    // The first answer is counted before the second is made.
    await fetch(`${server.url}/healthz`)
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const shown = rows(await readPage("docs/operating.md")).filter(
      ({ section }) => section === "Metrics",
    )
    const documented = shown.map(({ cells }) => [cells[0]!, cells[1]!, sorted(cells[2]!)])
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
    const found = types.map(([, name, type]) => [name!, type!, labelsOf(text, name!)])
    expect(found.length).toBeGreaterThan(15)
    expect(documented.sort()).toEqual(found.sort())
  } finally {
    await server.stop()
  }
})

const sorted = (labels: string): string =>
  labels
    .split(", ")
    .filter((label) => label !== "")
    .sort()
    .join(", ")

function labelsOf(text: string, metric: string): string {
  const sample = new RegExp(`^${metric}(?:_bucket|_count)?\\{([^}]*)\\}`, "m").exec(text)?.[1] ?? ""
  const names = [...sample.matchAll(/(\w+)="/g)].map(([, name]) => name!)
  return names
    .filter((name) => name !== "le")
    .sort()
    .join(", ")
}

test("the paths that are documented are all there are", async () => {
  const page = await readPage("docs/http.md")
  const server = serveHttp(createToldRouter(), quietLog)
  try {
    const openApi = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: { [path: string]: object }
    }
    const shown = firstCells(page, "The other paths").map((cell) => cell.replace("GET ", ""))
    const posted = "/v1/topics/{topic}/messages"
    expect(page.text).toContain(`POST ${posted}`)
    expect([...shown, posted].sort()).toEqual(Object.keys(openApi.paths).sort())
  } finally {
    await server.stop()
  }
})

test("the headers and reasons of dead letters are documented", async () => {
  const cells = firstCells(await readPage("docs/amqp.md"), "Dead letters")
  const isHeader = (cell: string) => cell.startsWith("x-partymq-")
  // With a header table that is empty, which is a reason for one more header.
  const emptyTable = Uint8Array.of(0x20, 0, 0, 0, 0, 0)
  const note = { reason: "unroutable", detail: "d", time: "t", source: "s", groups: ["g"] } as const
  // And with an expiration, which is told in a header where there is no room for all properties.
  const expiring = replaceProperty(emptyTable, "expiration", Uint8Array.of(1, 0x31))
  const large = appendHeaders(expiring, [["large", "l".repeat(70_000)]])
  const written = [expiring, large].flatMap((list) => {
    const annotated = removeHeaders(annotate(list, note, 131_072), (name) => name === "large")
    const { start, end } = headerEntries(annotated)!
    return Object.keys(decodeTable(annotated, start, end))
  })
  expect(cells.filter(isHeader).sort()).toEqual([...new Set(written)].sort())
  const ofConsumers: readonly ConsumerDeadLetterReason[] = ["handler_failed"]
  const reasons = [...Object.keys(topicStats([]).deadLettered), ...ofConsumers]
  expect(cells.filter((cell) => !isHeader(cell)).sort()).toEqual(reasons.sort())
})

test("the table of partitioners says what each guarantees", async () => {
  const page = await readPage("docs/partitioners.md")
  const table = rows(page).filter(({ heads }) => heads.includes("Promised up to"))
  expect(table.map(({ cells }) => cells[0]!).sort()).toEqual([...builtInPartitioners].sort())
  for (const { cells } of table) {
    const [name, , movement, weighted, upTo] = cells
    const { guarantees } = await importPlugin(name!, "partitioner", import.meta.dir)
    const { deterministic, balanced, upToPartitions } = guarantees
    expect([name, deterministic, balanced]).toEqual([name!, true, true])
    expect([name, movement!.split(":")[0]]).toEqual([name!, guarantees.movement])
    expect([name, weighted]).toEqual([name!, guarantees.weighted ? "yes" : "no"])
    const promised = upToPartitions === undefined ? "any number" : `${upToPartitions} partitions`
    expect([name, upTo]).toEqual([name!, promised])
  }
})
