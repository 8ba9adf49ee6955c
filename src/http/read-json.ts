import * as v from "valibot"
import type { Place } from "../core/admission.ts"
import type { HttpDeps } from "./deps.ts"
import { jsonValue } from "./json-value.ts"
import { type Problem, problem } from "./problem.ts"
import type { ProblemCode } from "./problem-catalogue.ts"
import { readBody } from "./read-body.ts"
import { stoppingProblem } from "./readiness-problem.ts"

export interface JsonBounds {
  readonly bytesMax: number
  /** The problem with a body that is not of the form. */
  readonly invalid: ProblemCode
  readonly place?: Pick<Place, "grow" | "complete" | "onEvicted">
}

/** Problems that reading a body may come to, beside that of its form. */
export const unreadableBody = [
  "body_incomplete",
  "body_read_timeout",
  "body_too_large",
  "shutting_down",
] as const satisfies readonly ProblemCode[]

/** The body as JSON of that form; an empty one is an empty object. */
export async function readJson<Schema extends v.GenericSchema>(
  { body }: Request,
  deps: Pick<HttpDeps, "bodyReadTimeoutMs" | "stopping">,
  schema: Schema,
  { bytesMax, invalid, place = anyPlace() }: JsonBounds,
): Promise<{ readonly value: v.InferOutput<Schema> } | Problem> {
  const { bodyReadTimeoutMs, stopping } = deps
  const isStopping = () => stoppingProblem(deps)
  const refusal = isStopping()
  if (refusal !== undefined) return refusal
  const bodyBounds = { bytesMax, timeoutMs: bodyReadTimeoutMs, signal: stopping, place }
  const read = await readBody(body, bodyBounds)
  switch (read.kind) {
    case "body":
      return formed(schema, read.body, invalid)
    case "too_large":
      return problem("body_too_large", `the body is over ${bytesMax} bytes`)
    case "timeout":
      return problem("body_read_timeout", "the body did not arrive in time")
    case "overloaded":
      return problem("overloaded", "too many requests are under way")
    default:
      return isStopping() ?? problem("body_incomplete", "the body ended before it was complete")
  }
}

function formed<Schema extends v.GenericSchema>(
  schema: Schema,
  body: Uint8Array,
  invalid: ProblemCode,
): { readonly value: v.InferOutput<Schema> } | Problem {
  const parsed = v.safeParse(schema, objectOf(body))
  return parsed.success ? { value: parsed.output } : formProblem(parsed.issues[0], invalid)
}

/** What is wrong with the form of something. */
export const formProblem = (issue: v.BaseIssue<unknown>, invalid: ProblemCode): Problem =>
  problem(invalid, `${v.getDotPath(issue) ?? "the body"}: ${issue.message}`)

/** `undefined` for what is not JSON, and for an array, which passes for an object. */
function objectOf(body: Uint8Array): unknown {
  const value = body.length === 0 ? {} : jsonValue(body)
  return Array.isArray(value) ? undefined : value
}

const anyPlace = () => ({ grow: () => true, complete: () => {}, onEvicted: () => {} })
