import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { answered } from "../broker/answered.ts"
import { BrokerError } from "../broker/broker-error.ts"
import type { Connection } from "../broker/connection.ts"
import { ContentFrames, publishFrame } from "../wire/frames.ts"

/** What the broker said of the one message that is on its way. */
type Verdict = (outcome: { readonly confirmed: boolean; readonly detail: string }) => void

/** A message for one queue, as bytes. */
export interface Written {
  readonly queue: string
  readonly properties: Uint8Array
  readonly body: Uint8Array
  /** For people: `a dead letter`. */
  readonly what: string
}

/** A channel in confirm mode on which one message is on its way at a time. */
export class ConfirmedChannel {
  readonly #connection: Connection
  #channel: AMQPChannel | undefined
  #verdict: Verdict | undefined
  #isReturned = false

  /**
   * @param closed the broker has closed it, or the connection is gone
   * @throws {BrokerError} when it cannot be opened in time
   */
  static async open(
    connection: Connection,
    timeoutMs: number,
    closed: () => void,
  ): Promise<ConfirmedChannel> {
    const opened = new ConfirmedChannel(connection)
    const opening = connection.rawChannel(
      {
        confirmed: () => opened.#answer(true, "it does not exist"),
        refused: () => opened.#answer(false, "it is full"),
        returned: () => {
          opened.#isReturned = true
        },
      },
      (reason) => {
        // First: whoever is told that it is closed may close the connection, which would be the reason then.
        opened.lost(reason)
        closed()
      },
    )
    const channel = await answered(timeoutMs, opening, "opening a channel")
    await answered(timeoutMs, channel.confirmSelect(), "opening a channel")
    opened.#channel = channel
    return opened
  }

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * Resolves once the broker has confirmed it. To be awaited before the next.
   * @throws {BrokerError} when that is not certain: it may be there or not
   */
  async write({ queue, properties, body, what }: Written, timeoutMs: number): Promise<void> {
    const channelId = this.#channel!.id
    const verdict = new Promise<void>((resolve, reject) => {
      this.#isReturned = false
      this.#verdict = ({ confirmed, detail }) => {
        this.#verdict = undefined
        if (confirmed) resolve()
        else reject(BrokerError.from(detail, `"${queue}" did not take ${what}`))
      }
    })
    const method = publishFrame(channelId, queue)
    const { frameMax } = this.#connection
    this.#connection.write(new ContentFrames(channelId, method, properties, body, frameMax))
    await answered(timeoutMs, verdict, `writing to "${queue}"`).catch((error) => {
      // What is not answered by now must neither be taken for the answer to the next nor come late.
      if (this.#verdict !== undefined) this.#connection.destroy("a confirm did not come in time")
      throw error
    })
  }

  /** The connection is gone: what is on its way may be there or not. */
  lost(reason: string): void {
    this.#verdict?.({ confirmed: false, detail: reason })
  }

  #answer(isConfirm: boolean, detail: string): void {
    // A message that was returned is confirmed all the same.
    this.#verdict?.({ confirmed: isConfirm && !this.#isReturned, detail })
  }
}
