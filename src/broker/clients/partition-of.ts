import { givenKey } from "../../core/given-key.ts"
import { messageView } from "../../core/message-view.ts"
import type { Incoming } from "../../core/outcome.ts"
import { route } from "../../core/route.ts"
import type { TopicPlan } from "../../topic-plan.ts"

/**
 * The partition of a message that was placed before and comes back. One with a key that was given outright
 * may have been placed by that or, if it came through a source, by what the extractors find: then that
 * counts which is expected. One without a key was anybody's.
 */
export function partitionOf(
  { route: topic }: TopicPlan,
  group: string,
  message: Incoming,
  isExpected: (partition: number) => boolean,
): number {
  const view = messageView(message.properties, message.body)
  const given = givenKey(view)
  const groups = topic.groups.filter((each) => each.group === group)
  const placed = (key: Incoming["key"]): number => {
    const decision = route({ ...topic, groups }, view, key, () => 0)
    return decision.kind === "routed" ? decision.placements[0]!.partition : 0
  }
  if (given === undefined) return placed(undefined)
  const byGiven = placed(given)
  if (isExpected(byGiven)) return byGiven
  const byExtracted = placed(undefined)
  return isExpected(byExtracted) ? byExtracted : byGiven
}
