import { BrokerError } from "../broker/broker-error.ts"
import type { Connection } from "../broker/connection.ts"
import { bounds } from "../core/bounds.ts"
import { ConfirmedChannel } from "./confirmed-channel.ts"

/**
 * Puts messages into parking queues, one after the other, as they are. It does so on the connection on
 * which their partitions are consumed: once the broker has given these to another member, nothing of
 * what this one had sent can arrive any more, behind what the other puts there.
 */
export class ParkingWriter {
  readonly #connection: Connection
  readonly #confirmTimeoutMs: number
  #channel: ConfirmedChannel | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection, confirmTimeoutMs: number) {
    this.#connection = connection
    this.#confirmTimeoutMs = confirmTimeoutMs
  }

  /**
   * Resolves once the broker has confirmed it.
   * @param mayGo asked when it is its turn: whether the message is still this consumer's
   * @throws {BrokerError} when that is not certain: it may be there or not
   */
  write(
    queue: string,
    properties: Uint8Array,
    body: Uint8Array,
    mayGo: () => boolean,
  ): Promise<void> {
    const mustGo = () => {
      if (!mayGo()) throw new BrokerError("the partition is not this consumer's any more")
    }
    const writing = this.#last.then(async () => {
      mustGo()
      const channel = await this.#opened()
      mustGo()
      const message = { queue, properties, body, what: "a message" }
      await channel.write(message, this.#confirmTimeoutMs)
    })
    this.#last = writing.catch(() => {})
    return writing
  }

  /** The connection is gone. */
  lost(reason: string): void {
    const channel = this.#channel
    this.#channel = undefined
    channel?.lost(reason)
  }

  async #opened(): Promise<ConfirmedChannel> {
    this.#channel ??= await ConfirmedChannel.open(this.#connection, bounds.requestTimeoutMs, () => {
      this.#channel = undefined
    })
    return this.#channel
  }
}
