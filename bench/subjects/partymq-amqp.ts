import { followRouter, loadSource } from "../source.ts"
import type { Subject } from "../subject.ts"
import { partymqProcess } from "./partymq-process.ts"

/** PartyMQ from a source queue to partition queues. */
export const partymqAmqp: Subject = {
  name: "PartyMQ, AMQP",
  async prepare(vhost, workload) {
    const source = await loadSource(vhost, workload)
    const { contender, stop } = await partymqProcess(vhost, workload, { source: true })
    const run = (started: (messages: number) => void) =>
      followRouter(vhost, source, workload, contender.queues.flat(), started)
    return { ...contender, run, stop }
  },
}
