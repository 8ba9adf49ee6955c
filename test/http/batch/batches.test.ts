import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { messageView } from "../../../src/core/message-view.ts"
import type { LineAccepted } from "../../../src/http/schemas.ts"
import { publishCut } from "../../support/publish-cut.ts"
import { connect, take } from "../../support/raw-client.ts"
import { seeded } from "../../support/seed.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"
import { connectRaw } from "../raw-client.ts"
import {
  type BatchServer,
  batchAnswer,
  batchServer,
  cloudEvents,
  lines,
  ndjson,
  postBatch,
  said,
} from "./batch-server.ts"

const queue = { type: "classic" } as const
const decoder = new TextDecoder()

/** A topic with one partition, so that all that was accepted is in one queue, in order. */
const topic = (more: object = {}) => ({
  key: [{ use: "jsonpath", path: "$.id" }],
  groups: { all: { partitions: 1, queue: { ...queue, ...more } } },
  deadLetter: queue,
})
const queueOf = (name: string) => `partymq.${name}.all.g1.p0`

const vhost = withVhost()

describe("a batch over HTTP into a real broker", () => {
  let server: BatchServer
  const taken = (name: string, count: number) => take(vhost.url, queueOf(name), count)
  const bodies = async (name: string, count: number) =>
    (await taken(name, count)).map(({ body }) => decoder.decode(body))

  async function depth(name: string): Promise<number> {
    const connection = await connect(vhost.url)
    try {
      const channel = await connection.plainChannel()
      const found = await channel.queueDeclare(queueOf(name), { passive: true })
      return found.messageCount
    } finally {
      await connection.shut(1_000)
    }
  }

  beforeAll(async () => {
    const topics = {
      forms: topic(),
      mixed: topic(),
      events: topic(),
      many: { ...topic(), groups: { a: { partitions: 4, queue }, b: { partitions: 3, queue } } },
      cut: topic(),
      streamed: topic(),
      full: topic({ maxLength: 3, overflow: "reject-publish" }),
    }
    server = await batchServer(vhost.url, topics, { bodyBytesMax: 2_000, publishTimeoutMs: 1_500 })
  }, 60_000)
  afterAll(() => server?.[Symbol.asyncDispose]())

  test("bodies arrive as they stand in the lines, with key, headers, id and content type", async () => {
    const text =
      '{"key":"k-1","id":"m-1","headers":{"Tenant":"Süd"},"contentType":"text/x","body":"a\\nb"}\r\n' +
      "\n" +
      '{"key":"k-1", "body": {"big":12345678901234567890, "n": 1.0,"n":2} }\n' +
      '{"bodyBase64":"AP8=","key":"k-1"}\n' +
      '{"body":{"id":"k-1"}}'
    const response = await postBatch(server, "forms", text)
    expect(response.status).toBe(202)
    const { results, ...counts } = await batchAnswer(response)
    expect(counts).toEqual({ topic: "forms", lines: 4, accepted: 4, failed: 0, omitted: 0 })
    expect(results.map(({ line }) => line)).toEqual([1, 3, 4, 5])
    expect(results[0]).toMatchObject({ status: 202, id: "m-1", key: "k-1" })
    const [first, second, third, fourth] = await taken("forms", 4)
    expect(decoder.decode(first!.body)).toBe("a\nb")
    expect(decoder.decode(second!.body)).toBe('{"big":12345678901234567890, "n": 1.0,"n":2}')
    expect([...third!.body]).toEqual([0, 255])
    expect(decoder.decode(fourth!.body)).toBe('{"id":"k-1"}')
    const view = messageView(first!.properties, first!.body)
    expect(view.properties).toMatchObject({ messageId: "m-1", contentType: "text/x" })
    expect(view.header("tenant")).toBe("Süd")
    expect(view.header("x-partymq-key")).toBe("k-1")
    const types = [second, third, fourth].map(
      (each) => messageView(each!.properties, each!.body).properties.contentType,
    )
    expect(types).toEqual(["application/json", undefined, "application/json"])
  })

  test("a line that fails takes the later ones of its key with it, and no others", async () => {
    const batch = [
      '{"key":"a","body":"1"}',
      '{"key":"b","body":"1"}',
      '{"key":"a","body":"2","unknown":true}',
      '{"key":"a","body":"3"}',
      "not JSON",
      `{"key":"c","body":"${"x".repeat(2_000)}"}`,
      '{"key":"b","body":"2"}',
      '{"body":{"other":1}}',
      '{"body":{"id":"a"}}',
      '{"key":"c","body":"1","headers":{"x-partymq-reason":"forged"}}',
      '{"key":"c","body":"2"}',
      '{"key":"b","body":"3"}',
    ]
    const response = await postBatch(server, "mixed", batch.join("\n"))
    expect(response.status).toBe(207)
    const { results } = await batchAnswer(response)
    expect(results.map(said)).toEqual([
      "202",
      "202",
      "invalid_line",
      "skipped_after_failure",
      "invalid_line",
      "body_too_large",
      "202",
      "missing_key",
      "skipped_after_failure",
      "reserved_header",
      "skipped_after_failure",
      "202",
    ])
    expect(await bodies("mixed", 4)).toEqual(["1", "1", "2", "3"])
  })

  test("events become messages in binary mode", async () => {
    const event = { specversion: "1.0", source: "/shop", type: "order.placed" }
    const response = await postBatch(
      server,
      "events",
      JSON.stringify([
        { ...event, id: "e1", partitionkey: "p", data: { n: 1 }, sequence: 7 },
        { ...event, id: "e2", partitionkey: "p", datacontenttype: "text/plain", data: "hi" },
        { ...event, id: "e3", partitionkey: "p", data_base64: "AQI=" },
        { ...event, id: "", partitionkey: "p" },
        { ...event, id: "e5", partitionkey: "p" },
      ]),
      { "content-type": `${cloudEvents}; charset=utf-8` },
    )
    expect(response.status).toBe(207)
    const { results } = await batchAnswer(response)
    expect(results.map(said)).toEqual([
      "202",
      "202",
      "202",
      "invalid_line",
      "skipped_after_failure",
    ])
    const [first, second, third] = await taken("events", 3)
    expect(decoder.decode(first!.body)).toBe('{"n":1}')
    const view = messageView(first!.properties, first!.body)
    expect(view.properties).toMatchObject({ messageId: "e1", contentType: "application/json" })
    expect(view.header("ce-type")).toBe("order.placed")
    expect(view.header("ce-specversion")).toBe("1.0")
    expect(view.header("ce-sequence")).toBe("7")
    expect(decoder.decode(second!.body)).toBe("hi")
    expect([...third!.body]).toEqual([1, 2])
  })

  test(
    "several batches at once: every line once in every group, and each key in order",
    seeded(async (random) => {
      const batchOf = (key: string) =>
        Array.from({ length: 2_000 }, (_, n) => ({
          key: `${key}${random.integer(20)}`,
          body: `${n}`,
        }))
      const sent = ["a", "b", "c", "d"].map(batchOf)
      const responses = await Promise.all(
        sent.map((each) => postBatch(server, "many", lines(each))),
      )
      const answers = await Promise.all(responses.map(batchAnswer))
      expect(answers.map(({ accepted }) => accepted)).toEqual([2_000, 2_000, 2_000, 2_000])
      const all = answers.flatMap(({ results }) => results as LineAccepted[])
      for (const [group, partitions] of [
        ["a", 4],
        ["b", 3],
      ] as const) {
        const byKey = new Map<string, string[]>()
        for (let partition = 0; partition < partitions; partition++) {
          const name = `partymq.many.${group}.g1.p${partition}`
          const count = all.filter(({ placements }) =>
            placements.some((placement) => placement.queue === name),
          ).length
          for (const { properties, body } of count === 0
            ? []
            : await take(vhost.url, name, count)) {
            const key = String(messageView(properties, body).header("x-partymq-key"))
            byKey.set(key, [...(byKey.get(key) ?? []), decoder.decode(body)])
          }
        }
        for (const [key, got] of byKey) {
          const expected = sent.flat().filter((line) => line.key === key)
          expect(got).toEqual(expected.map(({ body }) => body))
        }
        expect([...byKey.values()].flat()).toHaveLength(8_000)
      }
    }),
    30_000,
  )

  test("lines are published while later ones have not been sent", async () => {
    const client = await connectRaw(server.http.port)
    client.send(
      "POST /v1/topics/streamed/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n" +
        `Content-Type: ${ndjson}\r\n\r\n`,
    )
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
    client.send(chunk('{"key":"a","body":"first"}\n{"key":"a","bo'))
    expect(await bodies("streamed", 1)).toEqual(["first"])
    client.send(chunk('dy":"second"}\n'), "0\r\n\r\n")
    const { results } = await batchAnswer(await client.answer())
    expect(results.map(said)).toEqual(["202", "202"])
    client.destroy()
  })

  test("what a client sent before it went away stays published, and half a line is not", async () => {
    const client = await connectRaw(server.http.port)
    client.send(
      `POST /v1/topics/cut/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n` +
        `Content-Type: ${ndjson}\r\n\r\n`,
      '{"key":"a","body":"whole"}\n{"key":"a","body":"half"}',
    )
    const { topics } = server.router.stats
    await until(() => topics.cut?.accepted === 1, { what: "the first line to be published" })
    client.destroy()
    const response = await postBatch(server, "cut", lines([{ key: "a", body: "next" }]))
    expect(response.status).toBe(202)
    expect(await bodies("cut", 2)).toEqual(["whole", "next"])
  })

  test("a full queue: what follows a refused line of a key is never accepted", async () => {
    const batch = Array.from({ length: 40 }, (_, n) => ({ key: `k${n % 4}`, body: `${n}` }))
    const response = await postBatch(server, "full", lines(batch))
    expect(response.status).toBe(207)
    const { results, accepted } = await batchAnswer(response)
    expect(accepted).toBeGreaterThan(0)
    expectInOrder(batch, results.map(said))
    expect(new Set(results.map(said))).toContain("skipped_after_failure")
    const wanted = batch.filter((_, at) => said(results[at]!) === "202").map(({ body }) => body)
    expect(new Set(await bodies("full", accepted))).toEqual(new Set(wanted))
  })

  test("a connection cut mid-batch: no key has an accepted line behind one that was not", async () => {
    await using way = await publishCut(vhost.url)
    const url = new URL(vhost.url)
    url.port = String(way.port)
    await using cutServer = await batchServer(url.href, { lossy: topic() })
    const batch = Array.from({ length: 30_000 }, (_, n) => ({ key: `k${n % 50}`, body: `${n}` }))
    const response = postBatch(cutServer, "lossy", lines(batch))
    const stats = cutServer.router.stats.topics.lossy!
    await until(() => stats.accepted > 3_000, { what: "some to be accepted", intervalMs: 1 })
    way.cut()
    await until(() => !cutServer.router.readiness().ready, { what: "the loss to be noticed" })
    way.mend()
    const { results, lines: read, stopped } = await batchAnswer(await response)
    const outcomes = results.map(said)
    expectInOrder(batch, outcomes)
    expect(outcomes).toContain("connection_lost")
    expect(outcomes).toContain("skipped_after_failure")
    expect(read + (stopped === undefined ? 0 : batch.length - read)).toBe(batch.length)
    // What was said to be accepted is there, in order; nothing that was said not to be sent is.
    const got = (await bodies("lossy", await depth("lossy"))).map(Number)
    const inQueue = new Set(got)
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome === "202") expect(inQueue.has(at)).toBe(true)
      if (outcome === "skipped_after_failure") expect(inQueue.has(at)).toBe(false)
    }
    for (let key = 0; key < 50; key++) {
      const numbers = got.filter((n) => n % 50 === key)
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
  }, 30_000)
})

/** The promise of a batch. */
function expectInOrder(batch: readonly { key: string }[], outcomes: readonly string[]): void {
  const failed = new Set<string>()
  for (const [at, outcome] of outcomes.entries()) {
    const { key } = batch[at]!
    if (outcome !== "202") failed.add(key)
    else expect(failed.has(key)).toBe(false)
  }
}
