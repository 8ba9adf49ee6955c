import type { AMQPChannel } from "@cloudamqp/amqp-client"
import type { Lane } from "../core/lane.ts"
import type { TopicPlan } from "../topic-plan.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { isMissing } from "./refusal.ts"
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

/** One partition queue. */
export interface QueueStatus {
  readonly queue: string
  /** Ready messages; those that a consumer holds unacked are not counted. */
  readonly messages?: number
  /** Active and standby. */
  readonly consumers?: number
  /** Messages that this process has published to it: those confirmed, and those that are not yet. */
  readonly given: Lane["given"]
}

type Asked = Omit<QueueStatus, "given">

/** Depth and consumers of each partition queue, as a passive declaration tells them. */
export async function groupStatuses(
  { route, generations }: TopicPlan,
  connection: Connection | undefined,
  lanes: ReadonlyMap<string, Lane>,
): Promise<readonly GroupStatus[]> {
  const statuses: GroupStatus[] = []
  for (const [at, { group, generation, queues }] of route.groups.entries()) {
    statuses.push({
      group,
      generation,
      partitions: queues.length,
      partitioner: generations[at]!.partitioner.name,
      queues: (await queueStatuses(connection, queues)).map((asked) => {
        return { ...asked, given: lanes.get(asked.queue)!.given }
      }),
    })
  }
  return statuses
}

/** All on one channel; where a missing queue closes it, one after the other. */
async function queueStatuses(
  connection: Connection | undefined,
  queues: readonly string[],
): Promise<readonly Asked[]> {
  // A blocked connection answers nothing.
  if (connection === undefined || connection.blocked !== undefined) return queues.map(unknown)
  try {
    return await withChannel(connection, "looking at queues", (channel) =>
      Promise.all(queues.map((queue) => look(channel, queue))),
    )
  } catch (error) {
    if (!isMissing(BrokerError.from(error, "looking at queues"))) return queues.map(unknown)
    const statuses: Asked[] = []
    for (const queue of queues) {
      const one = withChannel(connection, "looking at a queue", (channel) => look(channel, queue))
      statuses.push(await one.catch(() => unknown(queue)))
    }
    return statuses
  }
}

const unknown = (queue: string): Asked => ({ queue })

async function look(channel: AMQPChannel, queue: string): Promise<Asked> {
  const { messageCount, consumerCount } = await channel.queueDeclare(queue, { passive: true })
  return { queue, messages: messageCount, consumers: consumerCount }
}
