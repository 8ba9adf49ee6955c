import { bounds } from "../core/bounds.ts"
import { type Problem, problem } from "./problem.ts"

/** The problem with a group that the topic does not have. */
export function unknownGroup(topic: string, group: string): Problem {
  const shown = JSON.stringify(group.slice(0, bounds.nameLengthMax))
  return problem(
    "unknown_group",
    `topic "${topic}" has no group ${shown}; GET /v1/topics lists them`,
  )
}
