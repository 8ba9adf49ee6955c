import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { connect, createServer, type Server, type Socket } from "node:net"
import { until } from "../support/until.ts"
import { TcpProxy } from "./tcp-proxy.ts"

describe("the proxy", () => {
  let server: Server
  let proxy: TcpProxy
  let client: Socket
  let peer: Socket | undefined
  /** What arrived at the server, and at the client. */
  let arrived: { up: string; down: string }
  let isPeerClosed: boolean
  let isClientClosed: boolean

  beforeEach(async () => {
    peer = undefined
    arrived = { up: "", down: "" }
    isPeerClosed = false
    isClientClosed = false
    server = createServer((socket) => {
      peer = socket
      socket.on("error", () => {})
      socket.on("close", () => {
        isPeerClosed = true
      })
      socket.on("data", (bytes) => {
        arrived.up += bytes.toString()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    proxy = await TcpProxy.listen((server.address() as { port: number }).port)
    client = dial()
    await until(() => peer !== undefined, { what: "the connection" })
  })
  afterEach(async () => {
    client.destroy()
    await proxy.close()
    await new Promise((resolve) => server.close(resolve))
  })

  function dial(): Socket {
    const socket = connect(proxy.port, "127.0.0.1")
    socket.on("error", () => {})
    socket.on("close", () => {
      isClientClosed = true
    })
    socket.on("data", (bytes) => {
      arrived.down += bytes.toString()
    })
    return socket
  }

  test("carries both ways, and the end", async () => {
    client.write("ping")
    peer!.write("pong")
    await until(() => arrived.up === "ping" && arrived.down === "pong", { what: "both" })
    client.end("!")
    await until(() => arrived.up === "ping!" && isPeerClosed, { what: "the end" })
  })

  test("holds one direction without telling anybody, and lets everything pass later", async () => {
    proxy.weather.hold("up")
    client.write("late")
    peer!.write("through")
    await until(() => arrived.down === "through", { what: "the other direction" })
    client.destroy()
    await until(() => isClientClosed, { what: "the client to be gone" })
    peer!.write("to nobody")
    expect(arrived.up).toBe("")
    expect(isPeerClosed).toBe(false)
    proxy.weather.clear()
    await until(() => arrived.up === "late" && isPeerClosed, { what: "what was held" })
  })

  test("cuts in the middle: what came before has passed, and nothing else", async () => {
    proxy.weather.cutAfter("up", 10)
    client.write("12345")
    await until(() => arrived.up === "12345", { what: "the first part" })
    client.write("67890and more")
    await until(() => isPeerClosed && isClientClosed, { what: "the cut" })
    expect(arrived.up).toBe("1234567890")
    expect(proxy.weather.isCutPending("up")).toBe(false)
  })

  test("resets both ends", async () => {
    proxy.resetAll()
    await until(() => isPeerClosed && isClientClosed, { what: "both to be closed" })
  })

  test("refuses new connections, and keeps those it has", async () => {
    proxy.weather.isRefusing = true
    const refused = dial()
    await until(() => refused.destroyed, { what: "the refusal" })
    expect(proxy.accepted).toBe(1)
    client.write("still here")
    await until(() => arrived.up === "still here", { what: "the old connection" })
  })

  test("slows down", async () => {
    proxy.weather.delayMs = 100
    proxy.weather.bytesPerSecond = 1_000
    const startedMs = performance.now()
    client.write("x".repeat(100))
    await until(() => arrived.up.length === 100, { what: "the bytes" })
    expect(performance.now() - startedMs).toBeGreaterThan(190)
  })
})
