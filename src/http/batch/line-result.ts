import type { LineOutcome } from "../../core/ordered-lines.ts"
import { keyMembers, unknownDetail } from "../outcome-response.ts"
import { type ProblemCode, problemCatalogue } from "../problem-catalogue.ts"
import type { LineAccepted, LineFailed } from "../schemas.ts"
import type { LineResult } from "./batch-results.ts"

/** The result of a line that was published, or was to be. */
export function lineResult(outcome: LineOutcome, line: number, id: string): LineResult {
  switch (outcome.kind) {
    case "accepted": {
      const { key, placements } = outcome
      const accepted: LineAccepted = {
        ...{ line, status: 202, id, ...keyMembers(key) },
        placements: placements as LineAccepted["placements"],
      }
      return { isAccepted: true, text: JSON.stringify(accepted) }
    }
    case "rejected":
      return failedResult(outcome.reason, outcome.detail, line, id)
    case "unavailable":
      return failedResult(outcome.code, outcome.detail, line, id)
    case "unknown":
      return failedResult(outcome.code, unknownDetail(outcome), line, id)
    case "afterFailure":
      return outcome.wasSent
        ? failedResult("unknown_after_failure", uncertain, line, id)
        : failedResult("skipped_after_failure", skipped, line, id)
  }
}

const skipped = "not sent, because an earlier line of its key failed; send that one first"
const uncertain = "an earlier line of its key failed while this one was on its way; send both again"

export function failedResult(
  code: ProblemCode,
  detail: string,
  line: number,
  id: string | undefined,
): LineResult {
  const { status, retriable } = problemCatalogue[code]
  const failed: LineFailed = {
    ...{ line, status, code, detail, retriable },
    ...(id === undefined ? {} : { id }),
  }
  return { isAccepted: false, text: JSON.stringify(failed) }
}
