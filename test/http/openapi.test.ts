import { expect, test } from "bun:test"
import * as v from "valibot"
import { createToldApp } from "./told-app.ts"

const anything = v.record(v.string(), v.unknown())
const documentSchema = v.object({
  openapi: v.literal("3.1.0"),
  info: v.object({ title: v.string(), version: v.string() }),
  paths: v.record(
    v.string(),
    v.record(
      v.string(),
      v.object({ operationId: v.string(), responses: anything, parameters: v.array(anything) }),
    ),
  ),
  components: v.object({ schemas: v.object({ Problem: anything }) }),
})

async function fetchDocument() {
  const told = createToldApp()
  const response = await told.app.request("/openapi.json")
  expect(response.status).toBe(200)
  return { ...told, document: v.parse(documentSchema, await response.json()) }
}

test("every route of the app is in the document, and nothing else", async () => {
  const { app, document } = await fetchDocument()
  const served = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
  const documented = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(documented.sort()).toEqual([...new Set(served)].sort())
  expect(documented).toContain("POST /v1/topics/{topic}/messages")
})

test("every operation has its own id and its path's parameters", async () => {
  const { document } = await fetchDocument()
  const ids = new Set<string>()
  for (const [path, item] of Object.entries(document.paths)) {
    for (const { operationId, parameters } of Object.values(item)) {
      expect(ids).not.toContain(operationId)
      ids.add(operationId)
      const named = parameters.filter((p) => p.in === "path").map((p) => `{${p.name}}`)
      expect(named).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
  }
})

test("publishing documents every status that it can answer", async () => {
  const { document } = await fetchDocument()
  const { responses } = document.paths["/v1/topics/{topic}/messages"]!.post!
  const successes = ["202", "207"]
  const failures = ["400", "404", "408", "413", "415", "422", "424", "429", "500", "503", "504"]
  expect(Object.keys(responses)).toEqual([...successes, ...failures])
})

test("every reference leads somewhere", async () => {
  const { document } = await fetchDocument()
  const references = JSON.stringify(document).match(/"\$ref":"[^"]*"/g) ?? []
  expect(new Set(references)).toEqual(new Set(['"$ref":"#/components/schemas/Problem"']))
})
