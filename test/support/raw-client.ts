import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { Connection } from "../../src/broker/connection.ts"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { ContentFrames, publishFrame } from "../../src/wire/frames.ts"
import { until } from "./until.ts"

/** A connection to a test's broker that publishes and reads bytes as they are. */
export const connect = (url: string): Promise<Connection> =>
  Connection.open(endpointOf({ url, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }), "test")

/** A channel in confirm mode to one queue. */
export class RawPublisher {
  readonly #connection: Connection
  readonly #queue: string
  #channel: AMQPChannel | undefined
  #sent = 0
  #open = 0
  #closed: string | undefined
  /** Confirmed in all. */
  confirmed = 0

  private constructor(connection: Connection, queue: string) {
    this.#connection = connection
    this.#queue = queue
  }

  static async open(connection: Connection, queue: string): Promise<RawPublisher> {
    const publisher = new RawPublisher(connection, queue)
    const settle = (tag: number, multiple: boolean) => publisher.#settle(tag, multiple)
    const closed = (reason: string) => {
      publisher.#closed = reason
    }
    publisher.#channel = await connection.rawChannel({ confirmed: settle }, closed)
    await publisher.#channel.confirmSelect()
    return publisher
  }

  publish(properties: Uint8Array, body: Uint8Array): void {
    const id = this.#channel!.id
    this.#sent += 1
    this.#open += 1
    const method = publishFrame(id, this.#queue)
    this.#connection.write(
      new ContentFrames(id, method, properties, body, this.#connection.frameMax),
    )
  }

  /** Waits until no more than so many are unconfirmed. */
  async unconfirmedAtMost(most: number): Promise<void> {
    const isSettled = () => this.#open <= most || this.#closed !== undefined
    await until(isSettled, { what: "publisher confirms", timeoutMs: 60_000 })
    if (this.#open > most) throw new Error(`the publisher's channel was closed: ${this.#closed}`)
  }

  #settle(tag: number, multiple: boolean): void {
    const settled = multiple ? this.#open - (this.#sent - tag) : 1
    this.#open -= settled
    this.confirmed += settled
  }
}

/** Takes the first messages of a queue and acks them. */
export async function take(
  url: string,
  queue: string,
  count: number,
  onEach: (delivery: Delivery) => void = () => {},
): Promise<Delivery[]> {
  const connection = await connect(url)
  try {
    const taken: Delivery[] = []
    const reader = await readQueue(connection, queue, {
      prefetch: count,
      delivered(delivery, from) {
        if (taken.length === count) return
        taken.push(delivery)
        onEach(delivery)
        from.ack(delivery)
      },
      ended: () => {},
    })
    await until(() => taken.length === count, {
      what: () => `${count} messages in "${queue}", ${taken.length} came`,
      timeoutMs: 60_000,
    })
    await reader.close()
    return taken
  } finally {
    await connection.shut(5_000)
  }
}
