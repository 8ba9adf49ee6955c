import { deadLetterQueue } from "../core/generation.ts"
import type { TopicPlan } from "../topic-plan.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import {
  declareQueues,
  partitionQueueDeclaration,
  plainQueueDeclaration,
  type QueueDeclaration,
} from "./partition-queues.ts"
import { StartRefused } from "./start-refused.ts"

/** Every queue that the topics publish to: partition queues and dead-letter queues. */
export function topicQueues(
  plans: readonly TopicPlan[],
  connection: Connection,
): readonly QueueDeclaration[] {
  return plans.flatMap(({ topic, config, route }) => [
    plainQueueDeclaration(deadLetterQueue(topic), config.deadLetter.type, connection),
    ...route.groups.flatMap(({ group, queues }) => {
      const settings = config.groups[group]!.queue
      return queues.map((queue) => partitionQueueDeclaration(queue, settings, connection))
    }),
  ])
}

/**
 * Declares all of them, or the one that is named.
 * @throws {StartRefused} when one exists with other settings
 */
export async function declareTopics(
  connection: Connection,
  plans: readonly TopicPlan[],
  only?: string,
): Promise<void> {
  const all = topicQueues(plans, connection)
  const wanted = only === undefined ? all : all.filter(({ queue }) => queue === only)
  const undeclared = await declareQueues(connection, wanted)
  const first = undeclared.find(({ isConflict }) => isConflict) ?? undeclared[0]
  if (first === undefined) return
  const message = `queue "${first.queue}" ${first.why}`
  throw first.isConflict ? new StartRefused("queue_conflict", message) : new BrokerError(message)
}
