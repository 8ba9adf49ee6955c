import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../core/bounds.ts"
import { answered } from "./answered.ts"
import type { Connection } from "./connection.ts"

/**
 * Runs a few requests on a channel of their own, which is closed whatever happens: an error of the
 * broker's costs this channel and no other.
 * @param doing for the error message when the broker does not answer: `declaring queues`
 */
export async function withChannel<T>(
  connection: Connection,
  doing: string,
  use: (channel: AMQPChannel) => Promise<T>,
  timeoutMs: number = bounds.requestTimeoutMs,
): Promise<T> {
  const opening = connection.plainChannel()
  const channel = await answered(bounds.requestTimeoutMs, opening, doing).catch((error) => {
    // One that opens too late would stay open for good.
    opening.then((late) => late.close()).catch(() => {})
    throw error
  })
  try {
    return await answered(timeoutMs, use(channel), doing)
  } finally {
    if (!channel.closed) channel.close().catch(() => {})
  }
}
