import { deadLetterQueue } from "../core/generation.ts"
import type { TopicPlan } from "../topic-plan.ts"
import type { Connection } from "./connection.ts"
import {
  deadLetterQueueDeclaration,
  partitionQueueDeclaration,
  type QueueDeclaration,
} from "./partition-queues.ts"

/** Every queue that the topics publish to: partition queues and dead-letter queues. */
export function topicQueues(
  plans: readonly TopicPlan[],
  connection: Connection,
): readonly QueueDeclaration[] {
  return plans.flatMap(({ topic, config, route }) => [
    deadLetterQueueDeclaration(deadLetterQueue(topic), config.deadLetter.type, connection),
    ...route.groups.flatMap(({ group, queues }) => {
      const settings = config.groups[group]!.queue
      return queues.map((queue) => partitionQueueDeclaration(queue, settings, connection))
    }),
  ])
}
