import { type AMQPChannel, AMQPClient } from "@cloudamqp/amqp-client"
import { AMQPView } from "@cloudamqp/amqp-client/amqp-view"
import { bounds } from "../core/bounds.ts"
import { passingBytes } from "../passing-bytes.ts"
import { readPace } from "../read-pace.ts"
import { uint16At } from "../wire/bytes.ts"
import { FrameSplitter } from "../wire/frame-splitter.ts"
import {
  type ContentFrames,
  frameHeadBytes,
  frameOverhead,
  frameType,
  heartbeatFrame,
} from "../wire/frames.ts"
import { answered } from "./answered.ts"
import { BrokerError } from "./broker-error.ts"
import { type ContentListener, ContentReader } from "./content-reader.ts"
import type { Endpoint } from "./endpoint.ts"
import { limitOfferedFrames, readServerProperties, type ServerProperties } from "./handshake.ts"
import { Outgoing } from "./outgoing.ts"

/**
 * One connection. The client keeps the handshake, TLS, channels, declarations and closing; on *raw*
 * channels messages pass as the bytes they came in, because the client's codec alters some and
 * chokes on others. Writes go out together, once everything has been read that has arrived.
 *
 * It does not reconnect: a lost one stays lost, `onLost` is called once, and its owner opens another.
 */
export class Connection extends AMQPClient {
  /** What the broker says of itself: `product`, `version`, `capabilities`, …. */
  serverProperties: ServerProperties = {}
  /** Called once, with the reason, when an open connection is lost or closed by the broker. */
  onLost: (reason: string) => void = () => {}
  /** Whether so much is on its way that the next read may be kept waiting, see `ReadPace`. */
  mayRest: () => boolean = () => false
  readonly #readers = new Map<number, ContentReader>()
  readonly #outgoing = new Outgoing((batch, sent) => this.#toSocket(batch, sent))
  /** Whether ever since the last call there was something to send, and some of it was taken. */
  readonly hasTakenSome = (): boolean => this.#outgoing.hasTakenSome()
  #heard = true
  #liveness: ReturnType<typeof setInterval> | undefined
  #isOpen = false
  #isDestroyed = false
  #isPaused = false
  /** Half heartbeat intervals in a row without a byte from the broker. */
  #silentHalves = 0

  /**
   * Opens a connection.
   * @throws {BrokerError} when the broker cannot be reached or refuses
   */
  static async open(endpoint: Endpoint, name: string): Promise<Connection> {
    const connection = new Connection(endpoint.clientUrl(name), endpoint.tls)
    try {
      const connecting = connection.connect()
      connection.#readInstead()
      await answered(endpoint.connectTimeoutMs, connecting, "connecting to the broker")
    } catch (error) {
      connection.destroy()
      throw BrokerError.from(error, `cannot connect to ${endpoint.shown}`)
    }
    connection.#opened()
    return connection
  }

  private constructor(url: string, tls: Endpoint["tls"]) {
    super(url, tls)
    this.onerror = () => {}
    this.ondisconnect = (error) => this.#lost(error?.message ?? "the connection was closed")
  }

  /** A channel whose deliveries, confirms and returns go to the listener. */
  async rawChannel(
    listener: ContentListener,
    onClosed: (reason: string) => void,
  ): Promise<AMQPChannel> {
    const channel = await this.plainChannel()
    this.#readers.set(channel.id, new ContentReader(listener))
    channel.onerror = (reason) => {
      this.#readers.delete(channel.id)
      onClosed(reason)
    }
    return channel
  }

  /**
   * Closes a raw channel; what is unacked on it goes back to its queue, in order. Up to then
   * deliveries still reach the listener, which has to ignore them.
   */
  async closeRaw(channel: AMQPChannel): Promise<void> {
    // With the connection given up nobody would answer.
    if (channel.closed || this.#isDestroyed) return
    try {
      await answered(bounds.requestTimeoutMs, channel.close(), "closing a channel")
      this.#readers.delete(channel.id)
    } catch {
      // Perhaps it is still a consumer there: only the connection's end makes certain.
      this.destroy("a channel could not be closed")
    }
  }

  /** A channel for declarations and the like. */
  async plainChannel(): Promise<AMQPChannel> {
    const channel = await this.channel()
    // The client's default prints; whoever uses the channel gets the rejection.
    channel.onerror = () => {}
    return channel
  }

  /** Sends frames, in the order of the calls, as the socket takes them; dropped when it is lost. */
  write(frames: Uint8Array | ContentFrames): void {
    if (this.socket === undefined || this.socket.destroyed) return
    this.#outgoing.push(frames)
  }

  /** Reads nothing more, so that the broker keeps what it has; heartbeats go on being sent. */
  pauseReading(): void {
    this.#isPaused = true
    this.socket?.pause()
  }

  resumeReading(): void {
    this.#isPaused = false
    this.#heard = true
    this.socket?.resume()
  }

  override send(bytes: Uint8Array): Promise<void> {
    if (this.socket === undefined)
      return Promise.reject(new BrokerError("the connection is closed"))
    // The client reuses its buffers as soon as this resolves.
    this.write(bytes.slice())
    return Promise.resolve()
  }

  /** Ends the connection without a word to the broker, as a crash would. */
  destroy(reason = "closed by us"): void {
    this.#isDestroyed = true
    this.socket?.destroy()
    this.#lost(reason)
  }

  /** Closes in order; every channel's unacked messages go back to their queues. Bounded in time. */
  async shut(timeoutMs: number): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    clearInterval(this.#liveness)
    const { socket } = this
    // Without this it would wait for an answer that cannot come any more: the client tells nobody that
    // the broker has closed the connection, or gone, while it was being closed from here.
    const gone = new Promise<void>((resolve) => socket?.once("close", () => resolve()))
    try {
      await answered(timeoutMs, Promise.race([this.close(), gone]), "closing the connection")
    } catch {
      this.socket?.destroy()
    }
  }

  #opened(): void {
    this.#isOpen = true
    // It may have been closed in the very read that opened it: told once its owner can hear of it.
    if (this.closed) {
      setImmediate(() => this.destroy("closed by the broker at once"))
      return
    }
    // Reading decides whether the peer lives: the client's own check is satisfied by writing.
    if (this.heartbeat > 0) {
      this.#liveness = setInterval(() => this.#beat(), (this.heartbeat * 1000) / 2)
    }
  }

  /**
   * Takes the reading over from the client, which gets the frames that no raw channel takes. What is
   * thrown while reading would end the process; it ends the connection instead.
   */
  #readInstead(): void {
    const { socket } = this
    if (socket === undefined) return
    const splitter = new FrameSplitter(bounds.receivedFrameBytesMax, this.#readFrame)
    socket.removeAllListeners("data")
    socket.on("data", (read: Buffer) => {
      try {
        splitter.split(read)
        passingBytes.count(read.length)
        readPace.hasRead(this.mayRest)
      } catch (error) {
        this.destroy(BrokerError.from(error, "what the broker sent could not be read").message)
      }
    })
  }

  readonly #readFrame = (bytes: Uint8Array, at: number, size: number): void => {
    // What is left of a read after the connection was given up concerns nobody any more.
    if (this.#isDestroyed) return
    this.#heard = true
    const type = bytes[at]!
    const payloadAt = at + frameHeadBytes
    const payloadSize = size - frameOverhead
    const reader = this.#readers.get(uint16At(bytes, at + 1))
    if (reader?.read(type, bytes, payloadAt, payloadSize)) return
    // The client keeps byte arrays of headers as views.
    const { buffer } = bytes.slice(at, at + size)
    if (type === frameType.method) {
      const payload = new Uint8Array(buffer, frameHeadBytes, payloadSize)
      this.serverProperties = readServerProperties(payload) ?? this.serverProperties
      limitOfferedFrames(payload)
    }
    this.parseFrames(new AMQPView(buffer))
  }

  #beat(): void {
    this.#silentHalves = this.#heard || this.#isPaused ? 0 : this.#silentHalves + 1
    this.#heard = false
    if (this.#silentHalves >= bounds.heartbeatHalvesMissed) this.destroy("the broker fell silent")
    // While a broker does not read, heartbeats would only heap up behind what waits already.
    else if (!this.#outgoing.isSending) this.write(heartbeatFrame)
  }

  #toSocket(batch: Uint8Array, sent: () => void): void {
    const { socket } = this
    if (socket === undefined || socket.destroyed) this.#outgoing.clear()
    else socket.write(batch, (error) => (error ? this.#outgoing.clear() : sent()))
  }

  #lost(reason: string): void {
    clearInterval(this.#liveness)
    this.#readers.clear()
    this.#outgoing.clear()
    if (!this.#isOpen) return
    this.#isOpen = false
    this.onLost(reason)
  }
}
