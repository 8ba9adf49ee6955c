import { expect } from "bun:test"
import * as v from "valibot"
import { problemCatalogue } from "../../src/http/problem-catalogue.ts"
import { problemSchema } from "../../src/http/schemas.ts"

/** The problem a response carries, after checking that it is a well-formed one. */
export async function problemOf(response: Response): Promise<v.InferOutput<typeof problemSchema>> {
  expect(response.headers.get("content-type")).toBe("application/problem+json")
  const body = v.parse(problemSchema, await response.json())
  expect(body.status).toBe(response.status)
  expect(body.type).toBe(`urn:partymq:problem:${body.code}`)
  expect(Object.keys(problemCatalogue)).toContain(body.code)
  const isTemporary = body.status === 429 || body.status === 503
  expect(response.headers.has("retry-after")).toBe(isTemporary)
  return body
}
