import { xxHash32 } from "../../src/hash/xxhash32.ts"
import { startProgram } from "../child-program.ts"
import type { PublishInput } from "../programs/publish.ts"
import type { Subject } from "../subject.ts"
import { keyOf, keysMax } from "../workload.ts"
import { declarePartitionQueues } from "./partition-queues.ts"
import { publishing } from "./publishing.ts"

/** No router at all: a program that knows the queue of every key publishes to it. */
export const directPublish: Subject = {
  name: "direct publish",
  async prepare(vhost, workload) {
    const queues = await declarePartitionQueues(vhost, workload)
    const text = new TextEncoder()
    const partitionOf = (key: string) => xxHash32(text.encode(key)) % queues.length
    const input: PublishInput = {
      url: vhost.url,
      workload,
      exchange: "",
      queues: Array.from({ length: keysMax }, (_, index) => queues[partitionOf(keyOf(index))]!),
    }
    const program = startProgram("publish.ts", input)
    const contender = { pid: program.pid, queues: [queues], partitionOf }
    return publishing(program, workload, contender)
  },
}
