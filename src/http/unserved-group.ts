import type { Config } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import { type Problem, problem } from "./problem.ts"

/**
 * The problem with a group of a topic that has neither members nor consumers that pull: its consumers are
 * clients, or there is none.
 */
export function unservedGroup({ topics }: Config, topic: string, group: string): Problem {
  if (Object.hasOwn(topics[topic]!.groups, group)) {
    const fact = `group "${group}" of topic "${topic}" has clients and no members`
    return problem("client_bound_group", `${fact}; GET /v1/topics/${topic} shows them`)
  }
  const shown = JSON.stringify(group.slice(0, bounds.nameLengthMax))
  return problem(
    "unknown_group",
    `topic "${topic}" has no group ${shown}; GET /v1/topics lists them`,
  )
}
