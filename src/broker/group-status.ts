import type { AMQPChannel } from "@cloudamqp/amqp-client"
import type { TopicPlan } from "../topic-plan.ts"
import type { Connection } from "./connection.ts"
import { withChannel } from "./with-channel.ts"

/** One group of a topic as it is routed at the moment. */
export interface GroupStatus {
  readonly group: string
  readonly generation: number
  readonly partitions: number
  readonly partitioner: string
  /** By partition; without counts when the broker could not be asked. */
  readonly queues: readonly QueueStatus[]
}

interface QueueStatus {
  readonly queue: string
  /** Ready messages; those that a consumer holds unacked are not counted. */
  readonly messages?: number
  /** Active and standby. */
  readonly consumers?: number
}

/** Depth and consumers of each partition queue, as a passive declaration tells them. */
export function groupStatuses(
  { route, generations }: TopicPlan,
  connection: Connection | undefined,
): Promise<readonly GroupStatus[]> {
  return Promise.all(
    route.groups.map(async ({ group, generation, queues }, at) => ({
      group,
      generation,
      partitions: queues.length,
      partitioner: generations[at]!.partitioner.name,
      queues: await Promise.all(queues.map((queue) => queueStatus(connection, queue))),
    })),
  )
}

async function queueStatus(
  connection: Connection | undefined,
  queue: string,
): Promise<QueueStatus> {
  if (connection === undefined) return { queue }
  const look = (channel: AMQPChannel) => channel.queueDeclare(queue, { passive: true })
  try {
    const found = await withChannel(connection, `looking at "${queue}"`, look)
    const { messageCount, consumerCount } = found
    return { queue, messages: messageCount, consumers: consumerCount }
  } catch {
    return { queue }
  }
}
