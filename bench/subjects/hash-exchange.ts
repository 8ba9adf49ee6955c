import type { BenchVhost } from "../bench-vhost.ts"
import { openChannel } from "../bench-vhost.ts"
import { startProgram } from "../child-program.ts"
import type { PublishInput } from "../programs/publish.ts"
import type { Subject } from "../subject.ts"
import { declarePartitionQueues } from "./partition-queues.ts"
import { publishing } from "./publishing.ts"

const exchange = "bench.hash"

/** The broker picks the queue, by the routing key, which the publisher has to know. */
export function hashExchange(type: "x-consistent-hash" | "x-modulus-hash"): Subject {
  return {
    name: `publish through ${type}`,
    async missing({ url }) {
      await using opened = await openChannel(url)
      try {
        await opened.channel.exchangeDeclare(exchange, type, { durable: true })
        return undefined
      } catch {
        return `the broker has no exchanges of type ${type}`
      }
    },
    async prepare(vhost, workload) {
      const queues = await declarePartitionQueues(vhost, workload)
      await bind(vhost, queues)
      const input: PublishInput = { url: vhost.url, workload, exchange, queues: [] }
      const program = startProgram("publish.ts", input)
      return publishing(program, workload, { pid: program.pid, queues: [queues] })
    },
  }
}

async function bind({ url }: BenchVhost, queues: readonly string[]): Promise<void> {
  await using opened = await openChannel(url)
  // With x-consistent-hash the key is a weight, with x-modulus-hash it means nothing.
  for (const queue of queues) await opened.channel.queueBind(queue, exchange, "1")
}
