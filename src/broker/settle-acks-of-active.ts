import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../core/bounds.ts"
import { answered } from "./answered.ts"

/**
 * Makes sure of all acks on the channel of a queue's single active consumer, which it stays. A quorum
 * queue's channel holds back acks while many are on their way. Another consumer, on standby behind all
 * others, comes and goes by the way that acks take, so the answer comes behind them; what was held back
 * is sent then, and the answer to whatever the channel is asked next says that it is.
 * @throws {BrokerError} when the broker does not answer, or the channel is gone
 */
export function settleAcksOfActive(
  channel: AMQPChannel,
  queue: string,
  prefetch: number,
): Promise<void> {
  const settle = async () => {
    const { tag } = await channel.basicConsume(queue, { noAck: false }, () => {})
    await channel.basicCancel(tag)
    await channel.prefetch(prefetch)
  }
  return answered(bounds.requestTimeoutMs, settle(), `acking messages of "${queue}"`)
}
