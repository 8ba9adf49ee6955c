import { BrokerError } from "../broker/broker-error.ts"
import { Connection } from "../broker/connection.ts"
import type { Delivery } from "../broker/content-reader.ts"
import type { Endpoint } from "../broker/endpoint.ts"
import { annotate } from "../core/dead-letter.ts"
import { deadLetterQueue } from "../core/generation.ts"
import { sentProperties } from "../wire/redelivery.ts"
import { ConfirmedChannel } from "./confirmed-channel.ts"
import type { QueuePlace } from "./consumed-message.ts"
import type { Poison } from "./poison.ts"

interface OpenChannel {
  readonly connection: Connection
  readonly channel: ConfirmedChannel
}

/**
 * Puts messages into their topic's dead-letter queue, one after the other, with the note that the
 * router's have. On a connection of its own, because a broker that blocks publishers blocks whole
 * connections; it is opened when it is needed first.
 */
export class DeadLetterWriter {
  readonly #endpoint: Endpoint
  readonly #connectionName: string
  #open: OpenChannel | undefined
  #isClosed = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(endpoint: Endpoint, connectionName: string) {
    this.#endpoint = endpoint
    this.#connectionName = connectionName
  }

  /**
   * Resolves once the broker has confirmed it.
   * @throws {BrokerError} when that is not certain: it may be there or not
   */
  write(place: QueuePlace, delivery: Delivery, poison: Poison): Promise<void> {
    const writing = this.#last.then(() => this.#write(place, delivery, poison))
    this.#last = writing.catch(() => {})
    return writing
  }

  /** What has not been written by then never is. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    await this.#open?.connection.shut(timeoutMs)
    this.#open = undefined
  }

  async #write(place: QueuePlace, delivery: Delivery, { detail }: Poison): Promise<void> {
    const { connection, channel } = await this.#opened()
    const { topic, group, queue: source, queueType } = place
    const note = { reason: "handler_failed", detail, source, groups: [group] } as const
    const time = new Date().toISOString()
    const sent = sentProperties(delivery, queueType)
    const properties = annotate(sent, { ...note, time }, connection.frameMax)
    const written = { queue: deadLetterQueue(topic), properties, body: delivery.body }
    await channel.write({ ...written, what: "a dead letter" }, this.#endpoint.confirmTimeoutMs)
  }

  async #opened(): Promise<OpenChannel> {
    if (this.#isClosed) throw new BrokerError("the consumer was closed")
    if (this.#open !== undefined) return this.#open
    const connection = await Connection.open(this.#endpoint, this.#connectionName)
    try {
      const drop = () => this.#drop(connection)
      let opened: ConfirmedChannel | undefined
      connection.onLost = (reason) => {
        drop()
        opened?.lost(reason)
      }
      const { connectTimeoutMs } = this.#endpoint
      const channel = await ConfirmedChannel.open(connection, connectTimeoutMs, drop)
      opened = channel
      if (this.#isClosed) throw new BrokerError("the consumer was closed")
      this.#open = { connection, channel }
      return this.#open
    } catch (error) {
      connection.destroy()
      throw BrokerError.from(error, "cannot write dead letters")
    }
  }

  #drop(connection: Connection): void {
    if (this.#open?.connection === connection) this.#open = undefined
    connection.destroy()
  }
}
