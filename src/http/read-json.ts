import * as v from "valibot"
import type { Place } from "../core/admission.ts"
import { announcedLength } from "./announced-length.ts"
import type { HttpDeps } from "./deps.ts"
import { formFault } from "./form-fault.ts"
import { jsonValue } from "./json-value.ts"
import { type Problem, problem, problemResponse } from "./problem.ts"
import type { ProblemCode } from "./problem-catalogue.ts"
import { readBody } from "./read-body.ts"
import { stoppingProblem } from "./readiness-problem.ts"
import { unreadBodyResponse } from "./unread-body.ts"

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

/** The body as JSON of that form, an empty one being an empty object; or the answer that says why not. */
export async function readJson<Schema extends v.GenericSchema>(
  { body, headers }: Request,
  deps: Pick<HttpDeps, "bodyReadTimeoutMs" | "stopping">,
  schema: Schema,
  { bytesMax, invalid, place = anyPlace() }: JsonBounds,
): Promise<{ readonly value: v.InferOutput<Schema> } | Response> {
  const refusal = stoppingProblem(deps)
  if (refusal !== undefined) return problemResponse(refusal)
  if (announcedLength(headers.get("content-length")) > bytesMax)
    return unreadBodyResponse("too_large", bytesMax)
  const { bodyReadTimeoutMs: timeoutMs, stopping: signal } = deps
  const read = await readBody(body, { bytesMax, timeoutMs, signal, place })
  if (read.kind !== "body") return unreadBodyResponse(read.kind, bytesMax)
  const parsed = v.safeParse(schema, objectOf(read.body))
  if (parsed.success) return { value: parsed.output }
  return problemResponse(formProblem(parsed.issues[0], invalid))
}

/** What is wrong with the form of something. */
export const formProblem = (issue: v.BaseIssue<unknown>, invalid: ProblemCode): Problem =>
  problem(invalid, formFault(issue))

/** `undefined` for what is not JSON, and for an array, which passes for an object. */
function objectOf(body: Uint8Array): unknown {
  const value = body.length === 0 ? {} : jsonValue(body)
  return Array.isArray(value) ? undefined : value
}

const anyPlace = () => ({ grow: () => true, complete: () => {}, onEvicted: () => {} })
