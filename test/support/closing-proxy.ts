import { createServer, connect as dial, type Socket } from "node:net"

/** `connection.open` from a client, `connection.close` from a broker: class and method. */
const connectionOpen = Buffer.of(0, 10, 0, 40)
const connectionClose = Buffer.of(0, 10, 0, 50)
/** `basic.qos` on a channel that nobody has opened: the broker closes the connection with 504. */
const offence = Buffer.of(1, 0, 1, 0, 0, 0, 11, 0, 60, 0, 10, 0, 0, 0, 0, 0, 1, 0, 0xce)

export interface ClosingProxy extends AsyncDisposable {
  readonly port: number
  /** Connections so far. */
  readonly connections: number
}

/**
 * A way to a broker on which it closes the first connection as soon as it has opened it: the client
 * reads that it is open and that it is closed at once.
 */
export async function closingProxy(brokerUrl: string): Promise<ClosingProxy> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((client) => {
    const isFirst = connections++ === 0
    const broker = dial(Number(new URL(brokerUrl).port || 5672), "127.0.0.1")
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        other.end()
      })
    }
    let held: Buffer | undefined
    client.on("data", (chunk: Buffer) => {
      broker.write(chunk)
      if (!isFirst || !chunk.includes(connectionOpen)) return
      held = Buffer.alloc(0)
      broker.write(offence)
    })
    broker.on("data", (chunk: Buffer) => {
      if (held === undefined) {
        client.write(chunk)
        return
      }
      held = Buffer.concat([held, chunk])
      if (!held.includes(connectionClose)) return
      client.write(held)
      held = Buffer.alloc(0)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
