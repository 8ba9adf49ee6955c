import { until } from "../../test/support/until.ts"
import type { BenchBroker } from "../bench-broker.ts"
import { openBenchGroup, type QueueType } from "./bench-group.ts"

/** What so many members handle together. */
export interface Scaling {
  readonly queues: QueueType
  readonly members: number
  readonly messagesPerSecond: number
  /** Of what one member handles, times their number. */
  readonly ofLinear: number
}

const partitions = 64
const handleMs = 5

/** Each member handles one message at a time, in 5 ms. */
export async function memberScaling(
  broker: BenchBroker,
  queues: QueueType,
  sizes: readonly number[],
  seconds: number,
): Promise<readonly Scaling[]> {
  const rates: number[] = []
  for (const members of sizes) {
    await using group = await openBenchGroup(broker, queues, partitions)
    await group.publish(members * 200 * (seconds + 2), 4_096)
    let handled = 0
    const handler = async () => {
      await Bun.sleep(handleMs)
      handled += 1
    }
    const joining = Array.from({ length: members }, () => group.join(handler, 1))
    const consumers = await Promise.all(joining)
    await group.settled(consumers)
    const [before, startedMs] = [handled, performance.now()]
    await until(() => performance.now() - startedMs >= seconds * 1_000, {
      what: "the time to be over",
      timeoutMs: 2_000 * seconds,
    })
    rates.push(((handled - before) / (performance.now() - startedMs)) * 1_000)
    await Promise.all(consumers.map((consumer) => consumer.close()))
  }
  return sizes.map((members, at) => ({
    queues,
    members,
    messagesPerSecond: rates[at]!,
    ofLinear: rates[at]! / ((rates[0]! / sizes[0]!) * members),
  }))
}
