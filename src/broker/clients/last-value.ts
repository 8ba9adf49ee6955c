import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../../core/bounds.ts"
import type { QueueType } from "../../wire/redelivery.ts"
import { answered } from "../answered.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import { deliveryProtection } from "../partition-queues.ts"
import { withChannel } from "../with-channel.ts"

/**
 * A durable queue that keeps the last text that was written to it. For one process at a time. One that
 * somebody deletes is declared anew by the next write.
 */
export class LastValue {
  readonly #connection: Connection
  readonly #queue: string
  readonly #type: QueueType
  /** Opened by the first write: a record that is read in vain again and again leaves none behind. */
  #channel: Promise<AMQPChannel> | undefined
  #returns = 0

  private constructor(connection: Connection, queue: string, type: QueueType) {
    this.#connection = connection
    this.#queue = queue
    this.#type = type
  }

  /** Declares the queue and reads what it holds; several only if a writer ended halfway. */
  static async open(
    connection: Connection,
    queue: string,
    type: QueueType,
  ): Promise<{ readonly value: LastValue; readonly texts: readonly string[] }> {
    const value = new LastValue(connection, queue, type)
    try {
      const texts = await withChannel(connection, `reading "${queue}"`, async (channel) => {
        await value.#declare(channel)
        const found: string[] = []
        // Unacked: what was read goes back with the channel.
        for (;;) {
          const message = await channel.basicGet(queue, { noAck: false })
          if (message === null) return found
          found.push(message.bodyString() ?? "")
        }
      })
      return { value, texts }
    } catch (error) {
      throw BrokerError.from(error, `cannot read the record "${queue}"`)
    }
  }

  /** Resolves once the broker has it for good. */
  async write(text: string): Promise<void> {
    await answered(bounds.requestTimeoutMs, this.#write(text), `writing "${this.#queue}"`)
  }

  async #write(text: string): Promise<void> {
    this.#channel ??= this.#confirming()
    const channel = await this.#channel
    const isWritten = async () => {
      const before = this.#returns
      await channel.basicPublish("", this.#queue, text, { deliveryMode: 2 }, true)
      // What comes back is confirmed all the same, and comes before that.
      return this.#returns === before
    }
    if (await isWritten()) return
    await this.#declare(channel)
    if (!(await isWritten())) throw new BrokerError(`queue "${this.#queue}" is gone`)
  }

  async #declare(channel: AMQPChannel): Promise<void> {
    const keepsLast = { "x-queue-type": this.#type, "x-max-length": 1, "x-overflow": "drop-head" }
    // Every start reads it and gives it back.
    const args = { ...keepsLast, ...deliveryProtection(this.#type, this.#connection) }
    await channel.queueDeclare(this.#queue, { durable: true }, args)
  }

  async #confirming(): Promise<AMQPChannel> {
    const channel = await this.#connection.plainChannel()
    channel.onReturn = () => {
      this.#returns += 1
    }
    await channel.confirmSelect()
    return channel
  }
}
