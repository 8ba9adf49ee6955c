import type { BenchVhost } from "../bench-vhost.ts"
import type { Subject } from "../subject.ts"
import { baseWorkload } from "../workload.ts"
import { httpLoad } from "./partymq-http.ts"
import { partymqProcess, topic } from "./partymq-process.ts"

const unsupportedMediaType = 415

/** Batches of NDJSON, 100 messages each, over 8 connections. */
export const partymqHttpBatch: Subject = {
  name: "PartyMQ, HTTP, batches of 100",
  missing: (vhost) => missingBatches(vhost),
  prepare: httpLoad({ connections: 8, batch: 100 }),
}

/** A version without batches says so, or takes the lines for one message without a key. */
async function missingBatches(vhost: BenchVhost): Promise<string | undefined> {
  const { url, stop } = await partymqProcess(vhost, baseWorkload, { source: false })
  try {
    const answer = await fetch(`${url}/v1/topics/${topic}/messages`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: "\n",
    })
    const said = await answer.text()
    if (answer.status === unsupportedMediaType || !said.includes('"results"'))
      return `it takes no batches yet: it answered ${answer.status}`
    return undefined
  } finally {
    await stop()
  }
}
