import { type BenchVhost, openChannel } from "../bench-vhost.ts"
import type { Workload } from "../workload.ts"

/** Declares queues like PartyMQ's for a subject that does not do so itself; one group. */
export async function declarePartitionQueues(
  { url }: BenchVhost,
  { partitions, queueType }: Workload,
): Promise<readonly string[]> {
  await using opened = await openChannel(url)
  const names = Array.from({ length: partitions }, (_, index) => `bench.p${index}`)
  const settings = { "x-queue-type": queueType, "x-single-active-consumer": true }
  for (const name of names) await opened.channel.queueDeclare(name, { durable: true }, settings)
  return names
}
