import { deadLetterQueue } from "../core/generation.ts"
import type { Lane } from "../core/lane.ts"
import type { TopicStats } from "../core/stats.ts"
import type { TopicPlan } from "../topic-plan.ts"
import type { Publisher } from "./publisher.ts"

/** Adds the ways to a topic's partition queues; answers the one to its dead-letter queue. */
export function addTopicLanes(publisher: Publisher, plan: TopicPlan, stats: TopicStats): Lane {
  const { attemptsMax, backoffMs, backoffMaxMs } = plan.config.retry
  const backoff = { firstMs: backoffMs, maxMs: backoffMaxMs }
  const lane = { backoff, random: Math.random, returnsMax: attemptsMax, mayRefuse: false }
  for (const { group, queues } of plan.route.groups) {
    const mayRefuse = plan.config.groups[group]?.queue.overflow === "reject-publish"
    const groupLane = { ...lane, mayRefuse, stats: stats.groups[group]! }
    for (const queue of queues) publisher.addLane({ ...groupLane, queue })
  }
  return publisher.addLane({
    ...lane,
    queue: deadLetterQueue(plan.topic),
    // There is nowhere else for these to go.
    returnsMax: Number.POSITIVE_INFINITY,
    stats: stats.deadLetterCopies,
  })
}
