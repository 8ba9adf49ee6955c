import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { answered } from "../broker/answered.ts"
import { BrokerError } from "../broker/broker-error.ts"
import { Connection } from "../broker/connection.ts"
import type { Delivery } from "../broker/content-reader.ts"
import type { Endpoint } from "../broker/endpoint.ts"
import { annotate } from "../core/dead-letter.ts"
import { deadLetterQueue } from "../core/generation.ts"
import { ContentFrames, publishFrame } from "../wire/frames.ts"
import { type MessagePlace, sentProperties } from "./consumed-message.ts"
import type { Poison } from "./poison.ts"

interface OpenChannel {
  readonly connection: Connection
  readonly channel: AMQPChannel
}

/** What the broker said of the one message that is on its way. */
type Verdict = (outcome: { readonly confirmed: boolean; readonly detail: string }) => void

/**
 * Puts messages into their topic's dead-letter queue, one after the other, with the note that the
 * router's have. On a connection of its own, because a broker that blocks publishers blocks whole
 * connections; it is opened when it is needed first.
 */
export class DeadLetterWriter {
  readonly #endpoint: Endpoint
  readonly #connectionName: string
  #open: OpenChannel | undefined
  #verdict: Verdict | undefined
  #isReturned = false
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
  write(place: MessagePlace, delivery: Delivery, poison: Poison): Promise<void> {
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

  async #write(place: MessagePlace, delivery: Delivery, { detail }: Poison): Promise<void> {
    const { connection, channel } = await this.#opened()
    const { topic, group, queue } = place
    const note = { reason: "handler_failed", detail, source: queue, groups: [group] } as const
    const time = new Date().toISOString()
    const { frameMax } = connection
    const properties = annotate(sentProperties(delivery), { ...note, time }, frameMax)
    const target = deadLetterQueue(topic)
    const verdict = new Promise<void>((resolve, reject) => {
      this.#isReturned = false
      this.#verdict = ({ confirmed, detail: said }) => {
        this.#verdict = undefined
        if (confirmed) resolve()
        else reject(new BrokerError(`"${target}" did not take a dead letter: ${said}`))
      }
    })
    const method = publishFrame(channel.id, target)
    connection.write(new ContentFrames(channel.id, method, properties, delivery.body, frameMax))
    const { confirmTimeoutMs } = this.#endpoint
    await answered(confirmTimeoutMs, verdict, `writing to "${target}"`).catch((error) => {
      // What is not answered by now must not be taken for the answer to the next.
      if (this.#verdict !== undefined) this.#drop(connection)
      throw error
    })
  }

  async #opened(): Promise<OpenChannel> {
    if (this.#isClosed) throw new BrokerError("the consumer was closed")
    if (this.#open !== undefined) return this.#open
    const connection = await Connection.open(this.#endpoint, this.#connectionName)
    try {
      const lost = (reason: string) => {
        this.#drop(connection)
        this.#verdict?.({ confirmed: false, detail: reason })
      }
      connection.onLost = lost
      const channel = await connection.rawChannel(
        {
          confirmed: () => this.#answer(true, "it does not exist"),
          refused: () => this.#answer(false, "it is full"),
          returned: () => {
            this.#isReturned = true
          },
        },
        lost,
      )
      await answered(this.#endpoint.connectTimeoutMs, channel.confirmSelect(), "opening a channel")
      if (this.#isClosed) throw new BrokerError("the consumer was closed")
      this.#open = { connection, channel }
      return this.#open
    } catch (error) {
      connection.destroy()
      throw BrokerError.from(error, "cannot write dead letters")
    }
  }

  #answer(isConfirm: boolean, detail: string): void {
    // A message that was returned is confirmed all the same.
    this.#verdict?.({ confirmed: isConfirm && !this.#isReturned, detail })
  }

  #drop(connection: Connection): void {
    if (this.#open?.connection === connection) this.#open = undefined
    connection.destroy()
  }
}
