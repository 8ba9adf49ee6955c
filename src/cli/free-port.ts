import { createServer } from "node:net"

/** `port` where it can be listened on, else 0: let the system choose one. */
export function freePort(host: string, port: number): Promise<number> {
  if (port === 0) return Promise.resolve(0)
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once("error", () => resolve(0))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(port)))
  })
}
