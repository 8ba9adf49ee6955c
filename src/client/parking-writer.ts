import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { answered } from "../broker/answered.ts"
import { BrokerError } from "../broker/broker-error.ts"
import type { Connection } from "../broker/connection.ts"
import { bounds } from "../core/bounds.ts"
import { ContentFrames, publishFrame } from "../wire/frames.ts"

/** What the broker said of the one message that is on its way. */
type Verdict = (outcome: { readonly confirmed: boolean; readonly detail: string }) => void

/**
 * Puts messages into parking queues, one after the other, as they are. It does so on the connection on
 * which their partitions are consumed: once the broker has given these to another member, nothing of
 * what this one had sent can arrive any more, behind what the other puts there.
 */
export class ParkingWriter {
  readonly #connection: Connection
  readonly #confirmTimeoutMs: number
  #channel: AMQPChannel | undefined
  #verdict: Verdict | undefined
  #isReturned = false
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
    const writing = this.#last.then(() => {
      if (!mayGo()) throw new BrokerError("the partition is not this consumer's any more")
      return this.#write(queue, properties, body, mayGo)
    })
    this.#last = writing.catch(() => {})
    return writing
  }

  /** The connection is gone. */
  lost(reason: string): void {
    this.#channel = undefined
    this.#verdict?.({ confirmed: false, detail: reason })
  }

  async #write(
    queue: string,
    properties: Uint8Array,
    body: Uint8Array,
    mayGo: () => boolean,
  ): Promise<void> {
    const channel = await this.#opened()
    if (!mayGo()) throw new BrokerError("the partition is not this consumer's any more")
    const verdict = new Promise<void>((resolve, reject) => {
      this.#isReturned = false
      this.#verdict = ({ confirmed, detail }) => {
        this.#verdict = undefined
        if (confirmed) resolve()
        else reject(new BrokerError(`"${queue}" did not take a message: ${detail}`))
      }
    })
    const { frameMax } = this.#connection
    const frames = new ContentFrames(
      channel.id,
      publishFrame(channel.id, queue),
      properties,
      body,
      frameMax,
    )
    this.#connection.write(frames)
    await answered(this.#confirmTimeoutMs, verdict, `writing to "${queue}"`).catch((error) => {
      // What is not answered by now must neither be taken for the answer to the next nor come late.
      if (this.#verdict !== undefined) this.#connection.destroy("a confirm did not come in time")
      throw error
    })
  }

  async #opened(): Promise<AMQPChannel> {
    if (this.#channel !== undefined) return this.#channel
    const opening: Promise<AMQPChannel> = this.#connection.rawChannel(
      {
        confirmed: () => this.#answer(true, "it does not exist"),
        refused: () => this.#answer(false, "it is full"),
        returned: () => {
          this.#isReturned = true
        },
      },
      (reason) => {
        this.#channel = undefined
        this.#verdict?.({ confirmed: false, detail: reason })
      },
    )
    const channel = await answered(bounds.requestTimeoutMs, opening, "opening a channel")
    await answered(bounds.requestTimeoutMs, channel.confirmSelect(), "opening a channel")
    this.#channel = channel
    return channel
  }

  #answer(isConfirm: boolean, detail: string): void {
    // A message that was returned is confirmed all the same.
    this.#verdict?.({ confirmed: isConfirm && !this.#isReturned, detail })
  }
}
