import { createServer, connect as dial, type Socket } from "node:net"

/** A way to a broker that can be closed to the connections on which a router publishes, and only to them. */
export interface PublishCut {
  readonly port: number
  /** Ends those that there are, and lets no other through until `mend`. */
  cut(): void
  mend(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Listens on loopback in front of the broker of `url`. */
export async function publishCut(url: string): Promise<PublishCut> {
  const { hostname, port } = new URL(url)
  const publishing = new Set<Socket>()
  const all = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    const far = dial({ host: hostname, port: Number(port) })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      all.add(from)
      from.on("error", () => {})
      from.on("close", () => {
        all.delete(from)
        publishing.delete(from)
        to.destroy()
      })
    }
    far.pipe(near)
    near.on("data", (chunk) => {
      // Its name is among the properties with which a client introduces itself.
      if (chunk.includes("partymq publish")) publishing.add(near)
      if (isCut && publishing.has(near)) near.destroy()
      else far.write(chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut() {
      isCut = true
      for (const socket of publishing) socket.destroy()
    },
    mend() {
      isCut = false
    },
    async [Symbol.asyncDispose]() {
      for (const socket of all) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
