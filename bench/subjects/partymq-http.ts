import { startProgram } from "../child-program.ts"
import type { HttpLoadInput } from "../programs/http-load.ts"
import type { Subject } from "../subject.ts"
import { partymqProcess, topic } from "./partymq-process.ts"
import { publishing } from "./publishing.ts"

/** One request for each message, over so many connections, each with one under way. */
export const partymqHttp = (connections: number): Subject => ({
  name: `PartyMQ, HTTP, ${connections} connections`,
  prepare: httpLoad({ connections, batch: 1 }),
})

/** A load over HTTP. All messages of a key take the same connection: so they are sent in order. */
export function httpLoad(shape: Pick<HttpLoadInput, "connections" | "batch">): Subject["prepare"] {
  return async (vhost, workload) => {
    const { url, contender, stop } = await partymqProcess(vhost, workload, { source: false })
    const target = `${url}/v1/topics/${topic}/messages`
    const input: HttpLoadInput = { url: target, workload, ...shape }
    const sender = startProgram("http-load.ts", input)
    return publishing(sender, workload, { ...contender, senderPid: sender.pid }, stop)
  }
}
