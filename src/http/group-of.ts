import type { GroupCoordinator } from "../group-coordinator.ts"
import type { HttpDeps } from "./deps.ts"
import type { Problem } from "./problem.ts"
import { unknownTopic } from "./unknown-topic.ts"
import { unservedGroup } from "./unserved-group.ts"

/** The coordinator of the group that a path names, or the problem with that. */
export function groupOf(
  { router, groups }: HttpDeps,
  { topic = "", group = "" }: Readonly<Record<string, string>>,
): GroupCoordinator | Problem {
  const refusal = unknownTopic(router.config, topic)
  if (refusal !== undefined) return refusal
  const found = groups.of(topic, group)
  if (found !== undefined) return found
  return unservedGroup(router.config, topic, group)
}
