import type { PublishOutcome, Unavailable } from "../core/outcome.ts"
import { shownKey } from "../shown-key.ts"
import { jsonResponse } from "./json-response.ts"
import { problem, problemResponse } from "./problem.ts"
import type { Accepted } from "./schemas.ts"

/**
 * The answer to a publish: 202 if and only if the broker has confirmed every group's copy.
 * `Retry-After` is given wherever trying again may help.
 */
export function outcomeResponse(outcome: PublishOutcome, topic: string, id: string): Response {
  switch (outcome.kind) {
    case "accepted": {
      const { key, placements } = outcome
      const body: Accepted = { id, topic, ...keyMembers(key), placements: [...placements] }
      return jsonResponse(body, 202)
    }
    case "rejected":
      return problemResponse(problem(outcome.reason, rejectedDetail(outcome), { id }))
    case "unavailable":
      return unavailableResponse(outcome, { id })
    case "unknown":
      return problemResponse(problem(outcome.code, unknownDetail(outcome), { id }))
  }
}

/** The answer while nothing can be published; known before there is a message. */
export const unavailableResponse = (
  { code, detail, retryAfterMs }: Unavailable,
  members: { readonly id?: string } = {},
): Response => problemResponse(problem(code, detail, members), { retryAfterMs })

type KeyMembers = Pick<Accepted, "key" | "keyBase64">

/** The key as text where it is text, else as base64: JSON cannot say bytes. */
export function keyMembers(key: Uint8Array | undefined): KeyMembers {
  if (key === undefined) return { key: null }
  const { value, encoding } = shownKey(key)
  return encoding === "utf-8" ? { key: value } : { keyBase64: value }
}

type Rejected = Extract<PublishOutcome, { kind: "rejected" }>

/** That a header was sent and is not seen by an extractor has to be said where it happens. */
const rejectedDetail = ({ reason, detail }: Rejected): string =>
  reason === "missing_key"
    ? `${detail}; Partition-Key sets one, and of other request headers extractors see x-*, ce-* and tracing alone`
    : detail

type Unknown = Extract<PublishOutcome, { kind: "unknown" }>

export const unknownDetail = ({ detail }: Unknown): string =>
  `${detail}. Sending it again may duplicate it; send it with this id as Message-Id, so that ` +
  "consumers can tell."
