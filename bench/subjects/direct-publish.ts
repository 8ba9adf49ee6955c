import { xxHash32 } from "../../src/hash/xxhash32.ts"
import type { BenchVhost } from "../bench-vhost.ts"
import { startProgram } from "../child-program.ts"
import type { PublishInput } from "../programs/publish.ts"
import { unconfirmedOfUse } from "../publish-all.ts"
import type { Contender, Subject } from "../subject.ts"
import { keyOf, keysMax, type Workload } from "../workload.ts"
import { declarePartitionQueues } from "./partition-queues.ts"
import { publishing } from "./publishing.ts"

/** No router at all: a program that knows the queue of every key publishes to it. */
export const directPublish = subject("direct publish", unconfirmedOfUse)

/** The same with as few on their way as there are connections, where each has one under way. */
export const directPublishOf = (unconfirmedMax: number): Subject =>
  subject(`direct publish, ${unconfirmedMax} unconfirmed`, unconfirmedMax)

function subject(name: string, unconfirmedMax: number): Subject {
  return { name, prepare: (vhost, workload) => prepare(vhost, workload, unconfirmedMax) }
}

async function prepare(
  vhost: BenchVhost,
  workload: Workload,
  unconfirmedMax: number,
): Promise<Contender> {
  const names = await declarePartitionQueues(vhost, workload)
  const text = new TextEncoder()
  const partitionOf = (key: string) => xxHash32(text.encode(key)) % names.length
  const queues = Array.from({ length: keysMax }, (_, index) => names[partitionOf(keyOf(index))]!)
  const input: PublishInput = { url: vhost.url, workload, exchange: "", queues, unconfirmedMax }
  const program = startProgram("publish.ts", input)
  return publishing(program, workload, { pid: program.pid, queues: [names], partitionOf })
}
