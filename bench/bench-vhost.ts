import { AMQPClient } from "@cloudamqp/amqp-client"
import { management } from "../test/support/management.ts"
import { unique } from "../test/support/unique.ts"
import type { BenchBroker } from "./bench-broker.ts"

/** Larger than the client's default, which a single header frame can exceed. */
const frameMax = 131_072

/** A virtual host for one run, so that nothing is left of it for the next. */
export interface BenchVhost {
  /** With the vhost: ready to connect. */
  readonly url: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function makeVhost(broker: BenchBroker): Promise<BenchVhost> {
  const name = unique("partymq-bench")
  const { username } = new URL(broker.url)
  await management("PUT", `/api/vhosts/${name}`, undefined, broker)
  const everything = { configure: ".*", write: ".*", read: ".*" }
  await management("PUT", `/api/permissions/${name}/${username}`, everything, broker)
  return {
    url: `${broker.url}/${name}`,
    async [Symbol.asyncDispose]() {
      await management("DELETE", `/api/vhosts/${name}`, undefined, broker)
    },
  }
}

/** A connection with one channel, closed at the end of the block. */
export async function openChannel(url: string, Client = AMQPClient) {
  const client = new Client(`${url}?frameMax=${frameMax}&heartbeat=30`)
  const connection = await client.connect()
  const channel = await connection.channel()
  return {
    channel,
    async [Symbol.asyncDispose]() {
      if (!connection.closed) await connection.close()
    },
  }
}
