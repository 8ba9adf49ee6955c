import { connect, type Socket } from "node:net"
import { until } from "../support/until.ts"

/** A connection that sends exactly these bytes: what `fetch` would repair is sent as it is. */
export interface RawClient {
  send(...parts: readonly (string | Uint8Array)[]): void
  /** Waits for a whole answer and takes it. */
  answer(): Promise<Response>
  /** Ends the sending half only. */
  finish(): void
  destroy(): void
  /** The server has ended the connection. */
  readonly isClosed: boolean
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket: Socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true })
  let received = ""
  let isClosed = false
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1")
  })
  for (const event of ["end", "close"]) {
    socket.on(event, () => {
      isClosed = true
    })
  }
  // A reset while sending is one of the things that may happen; what was received counts.
  socket.on("error", () => {})
  await new Promise((resolve) => socket.once("connect", resolve))

  async function answer(): Promise<Response> {
    await until(() => isWhole(received), { what: "a whole answer", intervalMs: 2 })
    const end = received.indexOf("\r\n\r\n")
    const [statusLine = "", ...fields] = received.slice(0, end).split("\r\n")
    const headers = new Headers(fields.map((field) => splitField(field)))
    const bodyEnd = end + 4 + Number(headers.get("content-length"))
    const body = received.slice(end + 4, bodyEnd)
    received = received.slice(bodyEnd)
    return new Response(Buffer.from(body, "latin1"), {
      status: Number(statusLine.split(" ")[1]),
      headers,
    })
  }

  return {
    send(...parts) {
      for (const part of parts) socket.write(part)
    },
    answer,
    finish: () => void socket.end(),
    destroy: () => void socket.destroy(),
    get isClosed() {
      return isClosed
    },
  }
}

function isWhole(received: string): boolean {
  const end = received.indexOf("\r\n\r\n")
  if (end < 0) return false
  const bytes = Number(/^content-length: *(\d+)/im.exec(received.slice(0, end))?.[1] ?? 0)
  return received.length >= end + 4 + bytes
}

function splitField(field: string): [string, string] {
  const colon = field.indexOf(":")
  return [field.slice(0, colon), field.slice(colon + 1).trim()]
}
