import type { Consumer } from "../../src/client/index.ts"
import type { BenchBroker } from "../bench-broker.ts"
import { percentile } from "../statistics.ts"
import { openBenchGroup, type QueueType } from "./bench-group.ts"

/** Milliseconds from the end of the old owner's last message to the start of the new owner's first. */
export interface Gaps {
  readonly queues: QueueType
  readonly why: "another joins" | "one leaves"
  readonly handOvers: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly mostMs: number
}

const partitions = 16
const handleMs = 5
/** More than both members handle in it. */
const messagesPerRound = 25_000

/** A second member comes and goes, so many times, while messages wait in every partition. */
export async function handOverGaps(
  broker: BenchBroker,
  queues: QueueType,
  rounds: number,
): Promise<readonly Gaps[]> {
  await using group = await openBenchGroup(broker, queues, partitions)
  const gaps = { join: [] as number[], leave: [] as number[] }
  const last = new Map<number, { readonly owner: string; readonly atMs: number }>()
  let kind: keyof typeof gaps = "join"
  const join = (owner: string): Promise<Consumer> =>
    group.join(async ({ partition }) => {
      const before = last.get(partition)
      const nowMs = performance.now()
      if (before !== undefined && before.owner !== owner) gaps[kind].push(nowMs - before.atMs)
      last.set(partition, { owner, atMs: nowMs })
      await Bun.sleep(handleMs)
      last.set(partition, { owner, atMs: performance.now() })
    }, partitions)
  // Published before, so that neither a lack of messages nor the publishing makes a gap.
  await group.publish((rounds + 1) * messagesPerRound, 1_000)
  const first = await join("first")
  for (let round = 0; round < rounds; round++) {
    await group.settled([first])
    kind = "join"
    const other = await join(`other ${round}`)
    await group.settled([first, other])
    await Bun.sleep(500)
    kind = "leave"
    await other.close()
    await group.settled([first])
    await Bun.sleep(1_500)
  }
  await first.close()
  return [
    { queues, why: "another joins", ...summary(gaps.join) },
    { queues, why: "one leaves", ...summary(gaps.leave) },
  ]
}

function summary(gaps: readonly number[]) {
  const sorted = gaps.toSorted((a, b) => a - b)
  return {
    handOvers: sorted.length,
    medianMs: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    mostMs: sorted.at(-1)!,
  }
}
