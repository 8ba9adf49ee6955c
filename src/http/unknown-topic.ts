import type { Config } from "../config/config.ts"
import { type Problem, problem } from "./problem.ts"

/** The problem with a topic that is not configured, or `undefined` when it is. */
export function unknownTopic(config: Config, topic: string): Problem | undefined {
  if (Object.hasOwn(config.topics, topic)) return undefined
  const known = Object.keys(config.topics)
  const hint = known.length === 0 ? "none is configured" : "GET /v1/topics lists them"
  return problem(
    "unknown_topic",
    `topic ${JSON.stringify(topic.slice(0, 255))} is unknown; ${hint}`,
  )
}
