import { randomInt } from "node:crypto"
import { createServer, type Server } from "node:net"

/**
 * Below the ranges from which systems take the ports of outgoing connections. A port from those could
 * be lost to a client while the node restarts, even to one that tries to reach this very node and so
 * connects to itself.
 */
const portMin = 20_000
const portMax = 32_000
const attemptsMax = 200

/** Different ports of 127.0.0.1 on which nobody listens now. Somebody may a moment later. */
export async function loopbackPorts(count: number): Promise<readonly number[]> {
  const held: Server[] = []
  const ports: number[] = []
  try {
    for (let attempt = 0; ports.length < count; attempt++) {
      if (attempt === attemptsMax) {
        throw new Error(`no ${count} free ports in ${portMin}..${portMax} after ${attempt} tries`)
      }
      const port = randomInt(portMin, portMax)
      const server = await listen(port)
      if (server === undefined) continue
      held.push(server)
      ports.push(port)
    }
  } finally {
    await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))))
  }
  return ports
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((settle) => {
    const server = createServer()
    server.once("error", () => settle(undefined))
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => settle(server))
  })
}
