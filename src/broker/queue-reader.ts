import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { ackFrame } from "../wire/frames.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import type { Delivery } from "./content-reader.ts"
import { isSettledAgain } from "./is-settled-again.ts"
import { isForbidden, isMissing } from "./refusal.ts"
import { settleAcksOfActive, settleAcksOfLeaving } from "./settle-acks.ts"

/** One consumer on one queue, on a channel of its own. */
export interface QueueReader {
  readonly queue: string
  /** Acks one delivery; later calls and calls after `close` do nothing. */
  ack(delivery: Pick<Delivery, "deliveryTag">): void
  /**
   * Acks one delivery and all before it. Where everything is acked in order this is what to use: of
   * many single acks in a row a quorum queue (RabbitMQ 3.10.8 and 4.0.5) loses some when the channel
   * closes right behind them, and delivers again, unless `settleAcks` was called before.
   */
  ackUpTo(delivery: Pick<Delivery, "deliveryTag">): void
  /**
   * Makes sure of all acks up to here, to be closed after; nothing more is delivered. Not for a Single
   * Active Consumer queue, where a successor would overtake.
   * @throws {BrokerError} when the broker does not answer, or the channel is gone
   */
  settleAcks(): Promise<void>
  /**
   * The same for the active consumer of a quorum queue, as which it stays, with what is delivered to it.
   * @throws {BrokerError} when the broker does not answer, or the channel is gone
   */
  settleAcksOfActive(): Promise<void>
  /**
   * Gives the queue back by closing the channel, and nothing else: cancelling or requeueing lets a
   * successor overtake. What is unacked goes back in its place.
   */
  close(): Promise<void>
}

export interface QueueReaderOptions {
  /** Deliveries that may be unacked at once; 0 is no limit. */
  readonly prefetch: number
  /** Names the consumer to people and to the management API. @default the broker makes one up */
  readonly consumerTag?: string
  /**
   * It was gone, or could not be consumed, when it was last tried: it is consumed only if it is there
   * for good. @default false
   */
  readonly wasGone?: boolean
  readonly delivered: (delivery: Delivery, reader: QueueReader) => void
  /** The broker ended it. */
  readonly ended: (reason: string, end: ReaderEnd) => void
}

/** `queue_gone`: its queue was deleted or moved; the connection and all other channels are there. */
export type ReaderEnd = "queue_gone" | "channel_lost"

/**
 * Consumes a queue with manual acks. On a Single Active Consumer queue nothing is delivered while
 * another consumer has it.
 * @throws {BrokerError} when the queue does not exist or may not be consumed
 */
export async function readQueue(
  connection: Connection,
  queue: string,
  { prefetch, consumerTag: tag, wasGone = false, delivered, ended }: QueueReaderOptions,
): Promise<QueueReader> {
  if (wasGone && !(await isSettledAgain(connection, queue))) {
    throw new QueueNotBack(`cannot consume queue "${queue}": there is no such queue`)
  }
  let isOpen = true
  const end = (reason: string, why: ReaderEnd) => {
    if (!isOpen) return
    isOpen = false
    ended(reason, why)
  }
  const channel: AMQPChannel = await connection.rawChannel(
    {
      // Deliveries go on arriving until the broker has closed the channel.
      delivered: (delivery) => isOpen && delivered(delivery, reader),
      cancelled: () => {
        end(`queue "${queue}" was deleted`, "queue_gone")
        connection.closeRaw(channel)
      },
    },
    (reason) => end(reason, "channel_lost"),
  )
  let consumerTag = ""
  const reader: QueueReader = {
    queue,
    ack({ deliveryTag }) {
      if (isOpen) connection.write(ackFrame(channel.id, deliveryTag, false))
    },
    ackUpTo({ deliveryTag }) {
      if (isOpen) connection.write(ackFrame(channel.id, deliveryTag, true))
    },
    async settleAcks() {
      if (isOpen) await settleAcksOfLeaving({ channel, queue, prefetch }, consumerTag)
    },
    async settleAcksOfActive() {
      if (isOpen) await settleAcksOfActive({ channel, queue, prefetch })
    },
    async close() {
      isOpen = false
      await connection.closeRaw(channel)
    },
  }
  try {
    await channel.prefetch(prefetch)
    const consume = { noAck: false, ...(tag !== undefined && { tag }) }
    consumerTag = (await channel.basicConsume(queue, consume, () => {})).tag
    return reader
  } catch (error) {
    isOpen = false
    const lacking = isForbidden(error as Error) ? " without the right to read it" : ""
    throw BrokerError.from(error, `cannot consume queue "${queue}"${lacking}`)
  }
}

/** It was gone, and is not there for good yet. */
class QueueNotBack extends BrokerError {}

/** Whether `readQueue` has thrown it because the queue is not there, or its node is not. */
export const isQueueMissing = (error: unknown): boolean =>
  error instanceof QueueNotBack || (error instanceof BrokerError && isMissing(error))
