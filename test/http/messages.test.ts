import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import { messageView } from "../../src/core/message-view.ts"
import type { PublishOutcome } from "../../src/core/outcome.ts"
import { acceptedSchema } from "../../src/http/schemas.ts"
import { until } from "../support/until.ts"
import { problemOf } from "./problem-of.ts"
import { createToldApp, type ToldApp } from "./told-app.ts"
import { toldPlacement } from "./told-router.ts"

const url = "/v1/topics/t/messages"

const post = ({ app }: ToldApp, init: RequestInit = {}, path = url) =>
  Promise.resolve(app.request(path, { method: "POST", ...init }))

/** A body that fails the test when anything reads it. */
function untouched() {
  const seen = { isRead: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.isRead = true
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { seen, init: { body } }
}

describe("an accepted message", () => {
  test("reaches the router verbatim with its head, and is answered 202", async () => {
    const told = createToldApp()
    const body = Uint8Array.from([0, 255, 10, 13])
    const headers = { "content-type": "application/x-whatever", "partition-key": "k", "x-a": "1" }
    const response = await post(told, { body, headers })
    expect(response.status).toBe(202)
    expect(v.parse(acceptedSchema, await response.json())).toEqual({
      id: "made-up",
      topic: "t",
      key: "k",
      placements: [toldPlacement],
    })
    const [{ topic, message } = expect.unreachable()] = told.router.published
    expect(topic).toBe("t")
    expect(message.body).toEqual(body)
    expect(Buffer.from(message.key!).toString()).toBe("k")
    const view = messageView(message.properties, message.body)
    expect(view.properties.contentType).toBe("application/x-whatever")
    expect(view.header("x-a")).toBe("1")
  })

  test("may be empty", async () => {
    const told = createToldApp()
    expect((await post(told)).status).toBe(202)
    expect(told.router.published[0]!.message.body).toHaveLength(0)
  })

  test("may be exactly as large as allowed", async () => {
    const told = createToldApp({ bodyBytesMax: 10 })
    expect((await post(told, { body: new Uint8Array(10) })).status).toBe(202)
  })
})

describe("refused by the head, before the body is read", () => {
  const cases: readonly (readonly [
    what: string,
    status: number,
    code: string,
    arrange: (told: ToldApp) => RequestInit | undefined,
    path?: string,
  ])[] = [
    ["an unknown topic", 404, "unknown_topic", () => ({}), "/v1/topics/nope/messages"],
    ["a name every object has", 404, "unknown_topic", () => ({}), "/v1/topics/__proto__/messages"],
    ["broken percent-encoding", 404, "unknown_topic", () => ({}), "/v1/topics/%ff/messages"],
    ["a compressed batch", 415, "unsupported_media_type", () => batch("content-encoding", "gzip")],
    ["a batch with one key", 400, "invalid_header", () => batch("partition-key", "k")],
    ["a batch with one id", 400, "invalid_header", () => batch("message-id", "m")],
    ["an announced length over the limit", 413, "body_too_large", () => announced(1001)],
    ["an empty Partition-Key", 400, "invalid_partition_key", () => header("partition-key", "")],
    ["a reserved header", 400, "reserved_header", () => header("x-partymq-reason", "x")],
    ["a Message-Id too long", 400, "invalid_header", () => header("message-id", "m".repeat(256))],
    ["no room for its bytes", 429, "overloaded", fill(99_950)],
    ["a broker that is away", 503, "broker_away", away],
    ["a server that is stopping", 503, "shutting_down", stopping],
  ]

  for (const [what, status, code, arrange, path] of cases) {
    test(`${what}: ${status} ${code}`, async () => {
      const told = createToldApp()
      const init = arrange(told)
      const before = told.admission.messages
      const { seen, init: body } = untouched()
      const response = await post(told, { ...body, ...init }, path)
      expect(response.status).toBe(status)
      expect((await problemOf(response)).code).toBe(code)
      expect(seen.isRead).toBe(false)
      expect(told.router.published).toEqual([])
      expect(told.admission.messages).toBe(before)
    })
  }

  const header = (name: string, value: string) => ({ headers: { [name]: value } })
  const batch = (name: string, value: string) => ({
    headers: { "content-type": "application/x-ndjson", [name]: value },
  })
  const announced = (bytes: number) => header("content-length", String(bytes))

  function fill(bytes: number) {
    return ({ admission }: ToldApp) => {
      admission.enter(0)!.grow(bytes)
      return announced(100)
    }
  }

  function away({ router }: ToldApp) {
    const detail = "the broker cannot be reached"
    router.told.unavailable = { kind: "unavailable", code: "broker_away", detail, retryAfterMs: 1 }
    return {}
  }

  function stopping({ stop }: ToldApp) {
    stop()
    return {}
  }

  test("the place for one message too many: 429", async () => {
    const told = createToldApp({ inFlightMessagesMax: 1 })
    const settled = Promise.withResolvers<PublishOutcome>()
    told.router.told.publish = () => settled.promise
    const first = post(told)
    const second = await post(told)
    expect(second.status).toBe(429)
    await problemOf(second)
    settled.resolve({ kind: "accepted", key: undefined, placements: [] })
    expect((await first).status).toBe(202)
    expect((await post(told)).status).toBe(202)
  })
})

describe("refused while the body is read", () => {
  const pieces = (...lengths: number[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const length of lengths) controller.enqueue(new Uint8Array(length))
        controller.close()
      },
    })

  test("over the limit without an announced length: 413, and its place is free again", async () => {
    const told = createToldApp({ bodyBytesMax: 10 })
    const response = await post(told, { body: pieces(6, 5) })
    expect(response.status).toBe(413)
    expect((await problemOf(response)).detail).toContain("10 bytes")
    expect([told.admission.messages, told.admission.bytes]).toEqual([0, 0])
    expect(told.router.published).toEqual([])
  })

  test("over the bytes in flight, length not announced: 429, and its place is free", async () => {
    const told = createToldApp({ inFlightBytesMax: 100 })
    const response = await post(told, { body: pieces(50, 100) })
    expect((await problemOf(response)).code).toBe("overloaded")
    expect([told.admission.messages, told.admission.bytes]).toEqual([0, 0])
  })
})

test("a place is kept until the fate of its message is known", async () => {
  const told = createToldApp()
  const settled = Promise.withResolvers<PublishOutcome>()
  told.router.told.publish = () => settled.promise
  const response = post(told, { body: "hello" })
  await until(() => told.router.published.length === 1, { what: "a publish" })
  expect(told.admission.messages).toBe(1)
  expect(told.admission.bytes).toBeGreaterThan("hello".length)
  settled.resolve({ kind: "unknown", code: "confirm_timeout", detail: "no confirm" })
  expect((await response).status).toBe(504)
  expect((await problemOf(await response)).id).toBe("made-up")
  expect([told.admission.messages, told.admission.bytes]).toEqual([0, 0])
})

test("a router that throws is answered 500 without the reason, which is logged", async () => {
  const told = createToldApp()
  told.router.told.publish = async () => {
    throw new Error("amqp://user:password@host is upset")
  }
  const response = await post(told)
  expect(response.status).toBe(500)
  const { code, instance, detail } = await problemOf(response)
  expect(code).toBe("internal_error")
  expect(detail).not.toContain("upset")
  expect(told.errors.join()).toContain("upset")
  expect(told.errors.join()).toContain(instance!)
  expect(told.admission.messages).toBe(0)
})
