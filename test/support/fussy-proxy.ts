import { createServer, connect as dial, type Server, type Socket } from "node:net"

/** A published message as the proxy sees it: all before its body, and the first frame of that. */
export type Refuses = (header: Buffer, body: Buffer) => boolean

const frameType = { method: 1, header: 2, body: 3 } as const
const protocolHeaderBytes = 8
const channelClose = (20 << 16) | 40
const basicPublish = (60 << 16) | 40
const channelCloseOk = (20 << 16) | 41

/**
 * A way to a broker that is fussier than the broker: it answers a message that it dislikes by closing
 * the channel, as brokers do.
 */
export class FussyProxy {
  /** How often it closed a channel. */
  refusals = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  static async listen(brokerUrl: string, refuses: Refuses): Promise<FussyProxy> {
    const proxy = new FussyProxy(Number(new URL(brokerUrl).port || 5672), refuses)
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve))
    return proxy
  }

  private constructor(brokerPort: number, refuses: Refuses) {
    this.#server = createServer((client) => this.#pass(client, brokerPort, refuses))
  }

  /** The broker's address, by way of the proxy. */
  url(brokerUrl: string): string {
    const url = new URL(brokerUrl)
    url.host = `127.0.0.1:${(this.#server.address() as { port: number }).port}`
    return url.toString()
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #pass(client: Socket, brokerPort: number, refuses: Refuses): void {
    const broker = dial(brokerPort, "127.0.0.1")
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    const up = new FrameSplitter(protocolHeaderBytes)
    const down = new FrameSplitter(0)
    /** The publish and the header of a message whose body is to come. */
    const begun = new Map<number, Buffer[]>()
    /** Channels that both sides are being told are closed: what they still say on them is dropped. */
    const closing = { up: new Set<number>(), down: new Set<number>() }
    const isDropped = (frame: Buffer, direction: keyof typeof closing): boolean => {
      const channel = frame.readUInt16BE(1)
      if (!closing[direction].has(channel)) return false
      const isMethod = frame[0] === frameType.method
      if (isMethod && frame.readUInt32BE(7) === channelCloseOk) closing[direction].delete(channel)
      return true
    }
    broker.on("data", (chunk) => {
      for (const frame of down.split(chunk as Buffer)) {
        if (!isDropped(frame, "down")) client.write(frame)
      }
    })
    client.on("data", (chunk) => {
      for (const frame of up.split(chunk as Buffer)) {
        const channel = frame.readUInt16BE(1)
        const payload = frame.subarray(7, -1)
        if (isDropped(frame, "up")) continue
        const before = begun.get(channel) ?? []
        begun.delete(channel)
        const isPublish = frame[0] === frameType.method && frame.readUInt32BE(7) === basicPublish
        const isHeader = frame[0] === frameType.header && frame.readBigUInt64BE(11) > 0n
        if (isPublish || isHeader) begun.set(channel, [...before, frame])
        else if (frame[0] === frameType.body && refuses(Buffer.concat(before), payload)) {
          this.refusals += 1
          closing.up.add(channel)
          closing.down.add(channel)
          client.write(closeFrame(channel))
          broker.write(closeFrame(channel))
        } else broker.write(Buffer.concat([...before, frame]))
      }
    })
  }
}

/** Cuts what one side sends into its protocol header, if it has one, and its frames. */
class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0)
  #prefixBytes: number

  constructor(prefixBytes: number) {
    this.#prefixBytes = prefixBytes
  }

  split(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = []
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (let size = this.#nextSize(); size <= this.#rest.length; size = this.#nextSize()) {
      const piece = this.#rest.subarray(0, size)
      this.#rest = this.#rest.subarray(size)
      this.#prefixBytes = 0
      pieces.push(piece)
    }
    return pieces
  }

  #nextSize(): number {
    if (this.#prefixBytes > 0) return this.#prefixBytes
    return this.#rest.length < 7 ? Number.POSITIVE_INFINITY : this.#rest.readUInt32BE(3) + 8
  }
}

function closeFrame(channel: number): Buffer {
  const text = Buffer.from("PRECONDITION_FAILED - this proxy dislikes it")
  const payload = Buffer.alloc(11 + text.length)
  payload.writeUInt32BE(channelClose, 0)
  payload.writeUInt16BE(406, 4)
  payload.writeUInt8(text.length, 6)
  text.copy(payload, 7)
  const frame = Buffer.alloc(payload.length + 8, 0)
  frame.writeUInt8(frameType.method, 0)
  frame.writeUInt16BE(channel, 1)
  frame.writeUInt32BE(payload.length, 3)
  payload.copy(frame, 7)
  frame.writeUInt8(0xce, frame.length - 1)
  return frame
}
