import { afterEach, describe, expect, test } from "bun:test"
import type { Config } from "../../src/config/config.ts"
import { bounds } from "../../src/core/bounds.ts"
import { messageView } from "../../src/core/message-view.ts"
import type { PublishOutcome } from "../../src/core/outcome.ts"
import { type HttpServer, type ServeOptions, serveHttp } from "../../src/http/serve-http.ts"
import type { Log } from "../../src/log.ts"
import { until } from "../support/until.ts"
import { problemOf } from "./problem-of.ts"
import { connectRaw, type RawClient } from "./raw-client.ts"
import { createToldRouter, type ToldRouter } from "./told-router.ts"

const nothing = () => {}
const quiet: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }

interface Served {
  readonly server: HttpServer
  readonly router: ToldRouter
  readonly client: () => Promise<RawClient>
}

/** Where bodies may be larger than what is read as a whole. */
const roomy = { bodyBytesMax: 50_000 }

const opened: { servers: HttpServer[]; clients: RawClient[] } = { servers: [], clients: [] }

function serve(
  http: Partial<Config["http"]> = {},
  bodyReadTimeoutMs = 5_000,
  shutdownTimeoutMs = 5_000,
  more: Pick<ServeOptions, "idleTimeoutSeconds"> = {},
): Served {
  const router = createToldRouter(http, { shutdownTimeoutMs })
  const server = serveHttp(router, quiet, { bodyReadTimeoutMs, ...more })
  opened.servers.push(server)
  const client = async () => {
    const raw = await connectRaw(server.port)
    opened.clients.push(raw)
    return raw
  }
  return { server, router, client }
}

afterEach(async () => {
  for (const client of opened.clients.splice(0)) client.destroy()
  for (const server of opened.servers.splice(0)) await server.stop()
})

const head = (...fields: string[]) =>
  ["POST /v1/topics/t/messages HTTP/1.1", "Host: x", ...fields, "", ""].join("\r\n")

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

const inFlight = async (server: HttpServer): Promise<number> => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(/^partymq_http_in_flight_messages (\d+)$/m.exec(text)?.[1])
}

/** Whether a new connection is refused. */
async function isRefused(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { keepalive: false })).text()
    return false
  } catch {
    return true
  }
}

describe("header bytes", () => {
  test("in UTF-8 are the key and the header that the same bytes over AMQP are", async () => {
    const { router, client } = serve()
    const raw = await client()
    const bytes = Buffer.from("Zoë 🙂", "utf8")
    const before = Buffer.from("POST /v1/topics/t/messages HTTP/1.1\r\nHost: x\r\nPartition-Key: ")
    raw.send(
      Buffer.concat([before, bytes, Buffer.from("\r\nX-Name:"), bytes]),
      "\r\nContent-Length: 2\r\n\r\nhi",
    )
    const response = await raw.answer()
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({ key: "Zoë 🙂" })
    const { message } = router.published[0]!
    expect(Buffer.from(message.key!)).toEqual(bytes)
    const key = messageView(message.properties, message.body).headerKey("x-name")
    expect(Buffer.from(key!)).toEqual(bytes)
  })

  test("of names count in either case", async () => {
    const { router, client } = serve()
    const raw = await client()
    raw.send(head("PARTITION-KEY: k", "X-B: 1", "Ce-Id: 2", "x-b: 3", "Content-Length: 0"))
    expect(await (await raw.answer()).json()).toMatchObject({ key: "k" })
    const { properties, body } = router.published[0]!.message
    const message = messageView(properties, body)
    expect(["x-b", "ce-id"].map((name) => message.header(name))).toEqual(["1, 3", "2"])
    raw.send(head("X-PartyMQ-Key: forged", "Content-Length: 0"))
    expect((await problemOf(await raw.answer())).code).toBe("reserved_header")
    expect(router.published).toHaveLength(1)
  })

  test("that are not UTF-8 are refused, for a guess would be another key", async () => {
    const raw = await serve().client()
    raw.send(Buffer.from(head("Partition-Key: \xe9", "Content-Length: 0"), "latin1"))
    expect((await problemOf(await raw.answer())).code).toBe("invalid_partition_key")
  })
})

describe("a body", () => {
  test("in chunks is whole and verbatim, also among others", async () => {
    const { router, server } = serve({ bodyBytesMax: 1_000_000, inFlightBytesMax: 100_000_000 })
    const bodies = Array.from({ length: 20 }, (_, i) => Buffer.alloc(20_000 + 9_973 * i, 65 + i))
    const posts = bodies.map(async (body, i) => {
      const pieces = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < body.length; at += 7_919) {
            controller.enqueue(new Uint8Array(body.subarray(at, at + 7_919)))
          }
          controller.close()
        },
      })
      const headers = { "partition-key": String(i) }
      const url = `${server.url}/v1/topics/t/messages`
      return (await fetch(url, { method: "POST", body: pieces, headers })).status
    })
    expect(new Set(await Promise.all(posts))).toEqual(new Set([202]))
    expect(router.published).toHaveLength(20)
    for (const { message } of router.published) {
      const i = Number(Buffer.from(message.key!).toString())
      expect(Buffer.compare(message.body, bodies[i]!)).toBe(0)
    }
  })

  test("over the limit is refused while it still comes, without an announced length", async () => {
    const served = serve({ bodyBytesMax: 100 })
    const raw = await served.client()
    raw.send(head("Transfer-Encoding: chunked"), chunk("a".repeat(60)), chunk("b".repeat(41)))
    const response = await raw.answer()
    expect(response.status).toBe(413)
    expect((await problemOf(response)).code).toBe("body_too_large")
    await until(() => raw.isClosed, { what: "the connection to be closed" })
    expect(served.router.published).toEqual([])
    expect(await inFlight(served.server)).toBe(0)
  })

  test("announced over the limit is refused before any of it comes", async () => {
    const raw = await serve({ bodyBytesMax: 100 }).client()
    raw.send(head("Content-Length: 400000000000"))
    expect((await raw.answer()).status).toBe(413)
  })

  // Small ones are read as a whole, others piece by piece.
  for (const announced of [10, 40_000]) {
    test(`of ${announced} bytes sent too slowly is refused, and its place is free again`, async () => {
      const served = serve(roomy, 50)
      const raw = await served.client()
      raw.send(head(`Content-Length: ${announced}`), "abc")
      const response = await raw.answer()
      expect(response.status).toBe(408)
      expect((await problemOf(response)).code).toBe("body_read_timeout")
      expect(served.router.published).toEqual([])
      expect(await inFlight(served.server)).toBe(0)
    })

    test(`of ${announced} bytes arrives as it was sent, in one piece or in several`, async () => {
      const served = serve(roomy)
      const body = "0123456789".repeat(announced / 10)
      const raw = await served.client()
      raw.send(head(`Content-Length: ${announced}`), body)
      expect((await raw.answer()).status).toBe(202)
      raw.send(head(`Content-Length: ${announced}`), body.slice(0, 7))
      await until(async () => (await inFlight(served.server)) === 1, { what: "a place taken" })
      raw.send(body.slice(7))
      await until(() => served.router.published.length === 2, {
        what: "the second to be published",
      })
      for (const { message } of served.router.published) {
        expect(Buffer.from(message.body).toString()).toBe(body)
      }
    })
  }

  test("whose length is announced twice alike costs nobody else a place", async () => {
    const served = serve(roomy)
    const slow = await served.client()
    slow.send(head("Content-Length: 40000"), "abc")
    await until(async () => (await inFlight(served.server)) === 1, { what: "a place taken" })
    const raw = await served.client()
    raw.send(head("Content-Length: 5", "Content-Length: 5"), "abcde")
    expect((await raw.answer()).status).toBe(202)
    expect(await inFlight(served.server)).toBe(1)
  })

  test("that is refused by its head is taken first, so that the client hears of that", async () => {
    const { server, client } = serve({ bodyBytesMax: 100 })
    const raw = await client()
    const body = Buffer.alloc(3_000_000)
    raw.send(head(`Content-Length: ${body.length}`), body.subarray(0, 1_000_000))
    // Whatever came before that has been seen by then.
    await fetch(`${server.url}/healthz`)
    await fetch(`${server.url}/healthz`)
    expect(raw.isClosed).toBe(false)
    raw.send(body.subarray(1_000_000))
    expect((await problemOf(await raw.answer())).code).toBe("body_too_large")
  })

  test("that is refused by its head and does not come is not waited for", async () => {
    const raw = await serve({ bodyBytesMax: 100 }).client()
    raw.send(head("Content-Length: 3000000"), "abc")
    expect((await problemOf(await raw.answer())).code).toBe("body_too_large")
  })

  const truncations = [
    ["with a small length announced", head("Content-Length: 10"), "abc"],
    ["with a large length announced", head("Content-Length: 40000"), "abc"],
    ["between chunks", head("Transfer-Encoding: chunked"), chunk("abc")],
    ["within a chunk", head("Transfer-Encoding: chunked"), "a\r\nabc"],
  ] as const
  for (const [where, start, part] of truncations) {
    for (const how of ["finish", "destroy"] as const) {
      test(`broken off ${where} (${how}) is no message, and its place is free again`, async () => {
        const served = serve(roomy)
        const raw = await served.client()
        raw.send(start, part)
        await until(async () => (await inFlight(served.server)) === 1, { what: "a place taken" })
        raw[how]()
        await until(async () => (await inFlight(served.server)) === 0, { what: "the place free" })
        expect(served.router.published).toEqual([])
      })
    }
  }
})

describe("what a request says of its host", () => {
  for (const host of [undefined, "", "a b", "[", "a:99999", "%zz"]) {
    const name = host === undefined ? "nothing" : JSON.stringify(host)
    const asked = async (line: string) => {
      const raw = await serve({ simpleQueue: { topic: "t", group: "g" } }).client()
      // Only HTTP/1.0 may leave it out, as some health checks do.
      const fields = host === undefined ? [] : [`Host: ${host}`]
      const version = host === undefined ? "1.0" : "1.1"
      raw.send([`${line} HTTP/${version}`, ...fields, "", ""].join("\r\n"))
      return (await raw.answer()).status
    }
    test(`changes nothing of its path and query, if that is ${name}`, async () => {
      expect(await asked("GET /healthz")).toBe(200)
      expect(await asked("GET /more/healthz")).toBe(404)
      expect(await asked("GET /v1/consumer?cid=a&waitMs=0")).toBe(200)
      expect(await asked("GET /v1/topics/t/groups/g/keys?partition=x")).toBe(400)
    })
  }
})

describe("a batch", () => {
  test("that is held up for longer than a connection may be idle is answered all the same", async () => {
    const http = { ...roomy, inFlightMessagesMax: 2, inFlightBytesMax: 10_000_000 }
    const { router, client } = serve(http, 5_000, 5_000, { idleTimeoutSeconds: 5 })
    const { publish } = router.told
    router.told.publish = async (topic, message) => {
      // As many as arrive at first; the rest is not read until then.
      if (router.published.length <= 4) await Bun.sleep(2_200)
      return publish(topic, message)
    }
    const raw = await client()
    const line = `{"key":"k","body":"${"x".repeat(30_000)}"}\n`
    const fields = ["Content-Type: application/x-ndjson", "Prefer: return=minimal"]
    raw.send(head(...fields, `Content-Length: ${100 * line.length}`), line.repeat(100))
    await until(() => router.published.length === 100 || raw.isClosed, {
      what: "the lines to be published",
      timeoutMs: 20_000,
    })
    expect(raw.isClosed).toBe(false)
    expect(await (await raw.answer()).json()).toMatchObject({ lines: 100, accepted: 100 })
  }, 30_000)
})

describe("stopping", () => {
  test("lets what is under way be answered and accepts nothing new", async () => {
    const { server, router, client } = serve()
    const settled = Promise.withResolvers<PublishOutcome>()
    router.told.publish = () => settled.promise
    const raw = await client()
    raw.send(head("Content-Length: 2"), "hi")
    await until(() => router.published.length === 1, { what: "a publish" })
    const stopped = server.stop()
    expect(server.stop()).toBe(stopped)
    await until(() => isRefused(`${server.url}/healthz`), { what: "new connections refused" })
    settled.resolve({ kind: "accepted", key: undefined, placements: [] })
    expect((await raw.answer()).status).toBe(202)
    await stopped
  })

  for (const announced of [10, 40_000]) {
    test(`refuses a body of ${announced} bytes that is not complete, so that no slow client delays it`, async () => {
      const { server, router, client } = serve(roomy)
      const raw = await client()
      raw.send(head(`Content-Length: ${announced}`), "abc")
      await until(async () => (await inFlight(server)) === 1, { what: "a place taken" })
      const stopped = server.stop()
      const response = await raw.answer()
      expect(response.status).toBe(503)
      expect((await problemOf(response)).code).toBe("shutting_down")
      await stopped
      expect(router.published).toEqual([])
    })
  }

  test("waits for nothing of a body that was refused by its head", async () => {
    const { server, client } = serve({ bodyBytesMax: 100 })
    const raw = await client()
    raw.send(head("Content-Length: 3000000"), "abc")
    // It has been seen by then.
    await fetch(`${server.url}/healthz`)
    await fetch(`${server.url}/healthz`)
    const sinceMs = performance.now()
    await server.stop()
    expect(performance.now() - sinceMs).toBeLessThan(bounds.httpBodyUndisturbedMs / 2)
    expect((await problemOf(await raw.answer())).code).toBe("body_too_large")
  })

  test("cuts off what is not answered in time", async () => {
    const { server, router, client } = serve({}, 5_000, 50)
    router.told.publish = () => new Promise(() => {})
    const raw = await client()
    raw.send(head("Content-Length: 2"), "hi")
    await until(() => router.published.length === 1, { what: "a publish" })
    await server.stop()
    await until(() => raw.isClosed, { what: "the connection to be closed" })
  })
})

test("a port that is taken is an error that says so", () => {
  const { server } = serve()
  expect(() => serve({ port: server.port }).server.url).toThrow(`port ${server.port} in use`)
})

test("its url leads to it", async () => {
  const { server } = serve()
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})
