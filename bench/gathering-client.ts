import { AMQPClient } from "@cloudamqp/amqp-client"

/**
 * The client with one write for all frames that it sends in one go. It writes each by itself, and every
 * write wakes a thread of the broker on the processor that wrote: a producer that is to keep its times
 * then waits for the broker, which it is to measure, in the midst of its sending.
 */
export class GatheringClient extends AMQPClient {
  #frames: Uint8Array[] = []

  override send(bytes: Uint8Array): Promise<void> {
    if (this.socket === undefined) return Promise.reject(new Error("the connection is closed"))
    // Copied: the client uses its buffers again as soon as this resolves.
    if (this.#frames.push(bytes.slice()) === 1) queueMicrotask(() => this.#write())
    return Promise.resolve()
  }

  #write(): void {
    this.socket?.write(Buffer.concat(this.#frames))
    this.#frames = []
  }
}
