import { xxHash32 } from "../src/hash/xxhash32.ts"
import type { BenchBroker } from "./bench-broker.ts"
import { type BenchVhost, makeVhost } from "./bench-vhost.ts"
import { startProgram } from "./child-program.ts"
import type { OpenLoopInput, OpenLoopResult } from "./programs/open-loop.ts"
import { sourceQueue } from "./source.ts"
import { declarePartitionQueues } from "./subjects/partition-queues.ts"
import { partymqProcess } from "./subjects/partymq-process.ts"
import { keyOf, keysMax, type Workload } from "./workload.ts"

/** What lies between a producer and the consumers: nothing but a queue, or a source and PartyMQ. */
export type Between = "nothing" | "PartyMQ"

/**
 * How long messages take from producer to consumer.
 * @param rate messages a second; `undefined` to find out how many get through
 */
export async function runLatency(
  broker: BenchBroker,
  between: Between,
  workload: Workload,
  rate: number | undefined,
): Promise<OpenLoopResult> {
  await using vhost = await makeVhost(broker)
  const { targets, queues, stop } = await route[between](vhost, workload)
  const input: OpenLoopInput = { url: vhost.url, workload, targets, queues, ...(rate && { rate }) }
  const program = startProgram("open-loop.ts", input)
  try {
    await program.next("ready")
    program.go()
    return JSON.parse(await program.next("done")) as OpenLoopResult
  } finally {
    await program.stop()
    await stop()
  }
}

const route = {
  async nothing(vhost: BenchVhost, workload: Workload) {
    const queues = await declarePartitionQueues(vhost, workload)
    const text = new TextEncoder()
    const queueOf = (key: string) => queues[xxHash32(text.encode(key)) % queues.length]!
    const targets = Array.from({ length: keysMax }, (_, index) => queueOf(keyOf(index)))
    return { targets, queues, stop: async () => {} }
  },
  async PartyMQ(vhost: BenchVhost, workload: Workload) {
    const { contender, stop } = await partymqProcess(vhost, workload, { source: true })
    const targets = Array.from({ length: keysMax }, () => sourceQueue)
    return { targets, queues: contender.queues.flat(), stop }
  },
}
