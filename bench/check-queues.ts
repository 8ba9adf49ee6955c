import { type BenchVhost, openChannel } from "./bench-vhost.ts"
import { orderJudge } from "./order-judge.ts"
import type { Contender } from "./subject.ts"
import { messagesOf, placeOf, type Workload } from "./workload.ts"

const stallTimeoutMs = 15_000

/**
 * Empties the partition queues and compares: every message once in each group, all of a key in one
 * queue and in the one where it belongs, those of a key in order.
 * @throws {Error} with the first that is wrong
 */
export async function checkQueues(
  { url }: BenchVhost,
  workload: Workload,
  { queues, partitionOf }: Contender,
): Promise<void> {
  const messages = messagesOf(workload)
  const judges = queues.map((_, group) => orderJudge(group, messages, partitionOf))
  await using opened = await openChannel(url)
  const { channel } = opened
  let missing = messages.count * queues.length
  let wrong: string | undefined
  const consumed = queues.flatMap((names, group) =>
    names.map((queue, index) => [queue, group, index] as const),
  )
  for (const [queue, group, partition] of consumed) {
    await channel.basicConsume(queue, { noAck: true }, ({ body }) => {
      wrong ??= judges[group]!(partition, placeOf(body!))
      missing -= 1
    })
  }
  for (let before = -1; missing > 0 && wrong === undefined; ) {
    if (before === missing) throw new Error(`${missing} messages are missing`)
    before = missing
    const deadline = performance.now() + stallTimeoutMs
    while (missing === before && performance.now() < deadline) await Bun.sleep(2)
  }
  if (wrong !== undefined) throw new Error(wrong)
}
