import { createServer, connect as dial, type Server, type Socket } from "node:net"

/** A method that a client sent: its class and number, and where its arguments begin. */
export interface SentMethod {
  readonly name: string
  readonly arguments: DataView
}

const names: { readonly [classAndMethod: string]: string } = {
  "10.31": "connection.tune-ok",
  "20.40": "channel.close",
  "60.10": "basic.qos",
  "60.20": "basic.consume",
  "60.30": "basic.cancel",
  "60.40": "basic.publish",
  "60.80": "basic.ack",
  "60.90": "basic.reject",
  "60.110": "basic.recover",
  "60.120": "basic.nack",
}

const protocolHeaderSize = 8
const frameOverhead = 8
const methodFrame = 1

/** A way to a broker that notes what its clients send, connection by connection. */
export class WireRecorder {
  readonly #server: Server
  readonly #sent: Buffer[][] = []
  readonly #sockets = new Set<Socket>()

  private constructor(targetPort: number) {
    this.#server = createServer((near) => {
      const far = dial({ host: "127.0.0.1", port: targetPort })
      const sent: Buffer[] = []
      this.#sent.push(sent)
      near.on("data", (bytes: Buffer) => sent.push(bytes))
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on("error", () => {})
      }
      near.pipe(far)
      far.pipe(near)
    })
  }

  static async listen(targetPort: number): Promise<WireRecorder> {
    const recorder = new WireRecorder(targetPort)
    await new Promise<void>((resolve) => recorder.#server.listen(0, "127.0.0.1", resolve))
    return recorder
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** The methods of each connection, in the order in which they were sent. */
  get connections(): readonly (readonly SentMethod[])[] {
    return this.#sent.map((chunks) => methods(Buffer.concat(chunks)))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function methods(bytes: Buffer): SentMethod[] {
  const found: SentMethod[] = []
  for (let at = protocolHeaderSize; at + frameOverhead <= bytes.length; ) {
    const size = bytes.readUInt32BE(at + 3)
    if (bytes[at] === methodFrame) {
      const [classId, methodId] = [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 9)]
      const view = new DataView(bytes.buffer, bytes.byteOffset + at + 11, size - 4)
      const name = names[`${classId}.${methodId}`] ?? "other"
      found.push({ name, arguments: view })
    }
    at += size + frameOverhead
  }
  return found
}
