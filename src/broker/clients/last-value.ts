import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../../core/bounds.ts"
import { answered } from "../answered.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import { deliveryProtection } from "../partition-queues.ts"
import { withChannel } from "../with-channel.ts"

/** A durable queue that keeps the last text that was written to it. For one process at a time. */
export class LastValue {
  readonly #connection: Connection
  readonly #queue: string
  /** Opened by the first write: a record that is read in vain again and again leaves none behind. */
  #channel: Promise<AMQPChannel> | undefined

  private constructor(connection: Connection, queue: string) {
    this.#connection = connection
    this.#queue = queue
  }

  /** Declares the queue and reads what it holds; several only if a writer ended halfway. */
  static async open(
    connection: Connection,
    queue: string,
    type: "quorum" | "classic",
  ): Promise<{ readonly value: LastValue; readonly texts: readonly string[] }> {
    try {
      const texts = await withChannel(connection, `reading "${queue}"`, async (channel) => {
        const keepsLast = { "x-queue-type": type, "x-max-length": 1, "x-overflow": "drop-head" }
        // Every start reads it and gives it back.
        const args = { ...keepsLast, ...deliveryProtection(type, connection) }
        await channel.queueDeclare(queue, { durable: true }, args)
        const found: string[] = []
        // Unacked: what was read goes back with the channel.
        for (;;) {
          const message = await channel.basicGet(queue, { noAck: false })
          if (message === null) return found
          found.push(message.bodyString() ?? "")
        }
      })
      return { value: new LastValue(connection, queue), texts }
    } catch (error) {
      throw BrokerError.from(error, `cannot read the record "${queue}"`)
    }
  }

  /** Resolves once the broker has it for good. */
  async write(text: string): Promise<void> {
    this.#channel ??= confirming(this.#connection)
    const written = this.#channel.then((channel) =>
      channel.basicPublish("", this.#queue, text, { deliveryMode: 2 }, true),
    )
    await answered(bounds.requestTimeoutMs, written, `writing "${this.#queue}"`)
  }
}

async function confirming(connection: Connection): Promise<AMQPChannel> {
  const channel = await connection.plainChannel()
  await channel.confirmSelect()
  return channel
}
