import { xxHash32 } from "../../src/hash/xxhash32.ts"
import { startProgram } from "../child-program.ts"
import { followRouter, loadSource, sourceQueue } from "../source.ts"
import type { Subject } from "../subject.ts"
import { declarePartitionQueues } from "./partition-queues.ts"

export interface NaiveRouterInput {
  readonly url: string
  readonly source: string
  readonly queues: readonly string[]
  /** The same as PartyMQ's. */
  readonly prefetch: number
}

/** A straightforward router on some client: consume, hash, publish with a confirm, ack. */
export function naiveRouter(name: string, file: string): Subject {
  return {
    name,
    async prepare(vhost, workload) {
      const queues = await declarePartitionQueues(vhost, workload)
      const source = await loadSource(vhost, workload)
      const text = new TextEncoder()
      const { url } = vhost
      const input: NaiveRouterInput = { url, source: sourceQueue, queues, prefetch: 512 }
      const program = startProgram(file, input)
      return {
        pid: program.pid,
        queues: [queues],
        partitionOf: (key) => xxHash32(text.encode(key)) % queues.length,
        run: (started) => followRouter(vhost, source, workload, queues, started),
        stop: () => program.stop(),
      }
    },
  }
}
