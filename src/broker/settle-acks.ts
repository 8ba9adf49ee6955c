import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../core/bounds.ts"
import { answered } from "./answered.ts"

/** A channel on which one queue is consumed. */
interface Consuming {
  readonly channel: AMQPChannel
  readonly queue: string
  readonly prefetch: number
}

/**
 * Makes sure of all acks on the channel of a queue's single active consumer, which it stays: another
 * consumer, on standby behind all others, comes and goes.
 * @throws {BrokerError} when the broker does not answer, or the channel is gone
 */
export function settleAcksOfActive(consuming: Consuming): Promise<void> {
  const { channel, queue } = consuming
  return settled(consuming, async () => {
    const { tag } = await channel.basicConsume(queue, { noAck: false }, () => {})
    await channel.basicCancel(tag)
  })
}

/**
 * Makes sure of all acks of a consumer that is cancelled by it: nothing more is delivered, and the channel is
 * to be closed next. Not for a single active consumer, whose successor would overtake.
 * @throws {BrokerError} when the broker does not answer, or the channel is gone
 */
export function settleAcksOfLeaving(consuming: Consuming, consumerTag: string): Promise<void> {
  const { channel } = consuming
  return settled(consuming, async () => {
    await channel.basicCancel(consumerTag)
  })
}

/**
 * A quorum queue's channel holds back acks while many are on their way. What `passQueue` asks for takes the
 * way that acks take, so its answer comes behind them; what was held back is sent then, and the answer to
 * whatever the channel is asked next says that it is.
 */
function settled(
  { channel, queue, prefetch }: Consuming,
  passQueue: () => Promise<void>,
): Promise<void> {
  const settling = passQueue().then(() => channel.prefetch(prefetch))
  return answered(bounds.requestTimeoutMs, settling, `acking messages of "${queue}"`)
}
