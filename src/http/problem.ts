import { type ProblemCode, problemCatalogue } from "./problem-catalogue.ts"

/** A failure as RFC 9457 says it, with PartyMQ's own members. */
export interface Problem {
  /** `urn:partymq:problem:{code}`, stable. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ProblemCode
  /** What happened to this request, for people. */
  readonly detail: string
  /** Whether the same request may succeed later, unchanged. */
  readonly retriable: boolean
  /** Names this occurrence, so that it can be found in the log. */
  readonly instance?: string
  /** The message's id, given or made up; send it again with the message. */
  readonly id?: string
  readonly reasons?: readonly string[]
}

type Extras = Pick<Problem, "instance" | "id" | "reasons">

export function problem(code: ProblemCode, detail: string, extras: Extras = {}): Problem {
  const { status, title, retriable } = problemCatalogue[code]
  return { type: `urn:partymq:problem:${code}`, title, status, code, detail, retriable, ...extras }
}

/**
 * The answer that carries a problem. 429 and 503 always come with `Retry-After`, in whole seconds.
 *
 * @param retryAfterMs @default 1_000
 */
export function problemResponse(
  body: Problem,
  { retryAfterMs = 1_000, headers = {} }: { retryAfterMs?: number; headers?: AnswerHeaders } = {},
): Response {
  const isTemporary = body.status === 429 || body.status === 503
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(isTemporary ? { "retry-after": String(wholeSeconds(retryAfterMs)) } : {}),
      ...headers,
    },
  })
}

type AnswerHeaders = Readonly<Record<string, string>>

const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))
