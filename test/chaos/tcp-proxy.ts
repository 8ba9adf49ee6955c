import { createServer, connect as dial, type Server, type Socket } from "node:net"
import { Pipe } from "./pipe.ts"
import { type Direction, Weather } from "./weather.ts"

/** A way through TCP to one port of this machine, whose weather can be made bad. */
export class TcpProxy {
  readonly weather = new Weather()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Let through so far. */
  accepted = 0

  private constructor(targetPort: number) {
    const options = { allowHalfOpen: true }
    this.#server = createServer(options, (near) => {
      if (this.weather.isRefusing) return near.resetAndDestroy()
      this.accepted += 1
      const far = dial({ host: "127.0.0.1", port: targetPort, ...options })
      this.#join(near, far, "up")
      this.#join(far, near, "down")
    })
  }

  static async listen(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject)
      proxy.#server.listen(0, "127.0.0.1", resolve)
    })
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }

  /** Both ends of every connection get a TCP reset; what was under way is gone. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.weather.clear()
    this.resetAll()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(from: Socket, to: Socket, direction: Direction): void {
    this.#sockets.add(from)
    from.on("close", () => this.#sockets.delete(from))
    new Pipe(from, to, direction, this.weather)
  }
}
