import { describe, expect, test } from "bun:test"
import { bounds } from "../../../src/core/bounds.ts"
import { BatchResults } from "../../../src/http/batch/batch-results.ts"
import { ResultText } from "../../../src/http/batch/result-text.ts"
import { until } from "../../support/until.ts"
import { problemOf } from "../problem-of.ts"
import { createToldApp, type ToldApp } from "../told-app.ts"
import { batchAnswer, cloudEvents, lines, ndjson, said } from "./batch-server.ts"

const url = "/v1/topics/t/messages"

const post = (
  { app }: ToldApp,
  body: string | ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
) =>
  Promise.resolve(
    app.request(url, { method: "POST", body, headers: { "content-type": ndjson, ...headers } }),
  )

const line = (key: string, body = "x") => ({ key, body })

/** A body that comes as the test says. */
function streamed() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const seen = { isCancelled: false, pulls: 0 }
  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
      },
      pull() {
        seen.pulls += 1
      },
      cancel() {
        seen.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  const send = (text: string) => controller!.enqueue(new TextEncoder().encode(text))
  const [end, fail] = [() => controller!.close(), () => controller!.error(new Error("gone"))]
  /** Pieces that were sent and not read yet. */
  const unread = () => -controller!.desiredSize!
  return { body, seen, send, end, fail, unread }
}

describe("the answer", () => {
  test("to a batch without a line is 202, with no results", async () => {
    const response = await post(createToldApp(), "\n\n")
    expect(response.status).toBe(202)
    expect((await batchAnswer(response)).results).toEqual([])
  })

  test("has only failures where the client prefers so", async () => {
    const told = createToldApp()
    const prefer = { prefer: "wait=1, return=minimal" }
    const response = await post(told, lines([line("a"), { body: 1, more: 1 }, line("b")]), prefer)
    expect(response.headers.get("preference-applied")).toBe("return=minimal")
    const { results, omitted, accepted } = await batchAnswer(response)
    expect([omitted, accepted]).toEqual([2, 2])
    expect(results).toMatchObject([{ line: 2, code: "invalid_line" }])
    const next = await post(told, lines([line("a")]))
    expect(next.headers.has("preference-applied")).toBeFalse()
  })

  test("says which lines were not sent because one of their key could not be used", async () => {
    const told = createToldApp()
    const batch = [{ ...line("a"), more: 1 }, line("a"), line("b")]
    const { results } = await batchAnswer(await post(told, lines(batch)))
    expect(results.map(said)).toEqual(["invalid_line", "skipped_after_failure", "202"])
    expect(told.router.published).toHaveLength(1)
  })

  test("to what is no batch at all is a problem", async () => {
    const response = await post(createToldApp(), "{}", { "content-type": cloudEvents })
    expect((await problemOf(response)).code).toBe("invalid_batch")
  })

  test("to a batch that breaks off has the results up to there, and says where", async () => {
    const event = { specversion: "1.0", id: "e", source: "/s", type: "t", partitionkey: "k" }
    const body = `[${JSON.stringify(event)},7]`
    const response = await post(createToldApp(), body, { "content-type": cloudEvents })
    const { results, stopped } = await batchAnswer(response)
    expect(results.map(said)).toEqual(["202"])
    expect(stopped).toMatchObject({ line: 2, code: "invalid_batch", status: 400 })
  })

  test("says in the order of the lines what became of them, whatever came first", async () => {
    const told = createToldApp()
    const publish = told.router.told.publish
    told.router.told.publish = async (topic, message) => {
      await Bun.sleep(20 - 2 * told.router.published.length)
      return publish(topic, message)
    }
    const batch = Array.from({ length: 9 }, (_, n) => line(`k${n}`))
    const { results } = await batchAnswer(await post(told, lines(batch)))
    expect(results.map((result) => "key" in result && result.key)).toEqual(
      batch.map(({ key }) => key),
    )
    expect(told.admission.messages).toBe(0)
    expect(told.admission.bytes).toBe(0)
  })

  test("ends after a great many failures, and the rest is not read", async () => {
    const bad = "no\n".repeat(bounds.batchFailuresMax + 5)
    const { stopped, failed } = await batchAnswer(await post(createToldApp(), bad))
    expect(failed).toBe(bounds.batchFailuresMax)
    expect(stopped).toMatchObject({ line: failed + 1, code: "too_many_failures" })
  })

  test("counts the lines for the metrics", async () => {
    const told = createToldApp()
    await post(told, lines([line("a"), line("b"), {}]))
    const text = await (await told.app.request("/metrics")).text()
    expect(text).toContain('partymq_http_batch_lines_total{outcome="accepted"} 2')
    expect(text).toContain('partymq_http_batch_lines_total{outcome="failed"} 1')
  })
})

describe("while there is no room", () => {
  test("a batch is not read any further, and goes on when there is", async () => {
    const told = createToldApp({ inFlightMessagesMax: 4 })
    const holders = Array.from({ length: 4 }, () => told.admission.enter(0)!)
    for (const holder of holders) holder.complete()
    const { body, seen, send, end } = streamed()
    const response = post(told, body)
    send(lines([line("a"), line("b")]))
    // Time for it to look several times.
    await Bun.sleep(3 * bounds.batchRecheckMs)
    expect(told.router.published).toEqual([])
    expect(seen.pulls).toBe(0)
    for (const holder of holders) holder.leave()
    await until(() => told.router.published.length === 2, { what: "the lines to be published" })
    end()
    expect((await response).status).toBe(202)
  })

  test("the rest of a line that comes slowly waits for it, and is not given up for itself", async () => {
    const told = createToldApp({ inFlightBytesMax: 1_000 })
    const { body, send, end } = streamed()
    const response = post(told, body)
    send(`{"key":"a","body":"${"x".repeat(300)}`)
    await until(() => told.admission.bytes > 300, { what: "the beginning to be held" })
    told.clock.nowMs += bounds.httpBodyUndisturbedMs
    const holder = told.admission.enter(0)!
    holder.grow(500)
    holder.complete()
    send("x".repeat(300))
    // Time for it to look several times.
    await Bun.sleep(3 * bounds.batchRecheckMs)
    expect(told.admission.messages).toBe(2)
    holder.leave()
    send('"}\n')
    end()
    expect((await batchAnswer(await response)).accepted).toBe(1)
  })

  test("however many batches there are, lines that are there and wait hold bounded bytes", async () => {
    const told = createToldApp({ bodyBytesMax: 10_000, inFlightBytesMax: 20_000 })
    const waiting = Promise.withResolvers<void>()
    const { publish } = told.router.told
    told.router.told.publish = async (topic, message) => {
      await waiting.promise
      return publish(topic, message)
    }
    const [begun, rest] = [`{"body":"${"x".repeat(4_000)}`, `${"x".repeat(4_000)}"}\n`]
    const batches = Array.from({ length: 12 }, () => streamed())
    const responses: Promise<Response>[] = []
    for (const { body, send, unread } of batches) {
      responses.push(post(told, body))
      send(begun)
      send(rest)
      await until(() => unread() < 2, { what: "the first half to be read" })
    }
    // Time for all to look several times.
    await Bun.sleep(3 * bounds.batchRecheckMs)
    expect(told.router.published).toHaveLength(1)
    // The line on its way, and those that wait.
    expect(batches.filter(({ unread }) => unread() === 0).length).toBeLessThanOrEqual(3)
    waiting.resolve()
    for (const { end } of batches) end()
    for (const response of responses) {
      expect((await batchAnswer(await response)).accepted).toBe(1)
    }
    expect(told.admission.bytes).toBe(0)
  })

  test("lines of batches leave places to single messages", async () => {
    const told = createToldApp({ inFlightMessagesMax: 4 })
    const waiting = Promise.withResolvers<void>()
    const publish = told.router.told.publish
    told.router.told.publish = async (topic, message) => {
      if (message.key?.length === 1) await waiting.promise
      return publish(topic, message)
    }
    const response = post(told, lines([..."abcdefg"].map((key) => line(key))))
    await until(() => told.router.published.length === 2, { what: "half the places to be taken" })
    const single = await told.app.request(url, {
      method: "POST",
      headers: { "partition-key": "single" },
    })
    expect(single.status).toBe(202)
    expect(told.router.published).toHaveLength(3)
    waiting.resolve()
    expect((await batchAnswer(await response)).accepted).toBe(7)
  })

  test("for too long, a line is overloaded and takes later ones of its key with it", async () => {
    const told = createToldApp({ inFlightMessagesMax: 2, publishTimeoutMs: 1 })
    const holders = [told.admission.enter(0)!, told.admission.enter(0)!]
    for (const holder of holders) holder.complete()
    const { body, send, end } = streamed()
    const response = post(told, body)
    send(lines([line("a")]))
    await until(
      () => {
        told.clock.nowMs += 1
        return told.clock.nowMs > 20
      },
      { what: "the line's time to be over" },
    )
    for (const holder of holders) holder.leave()
    send(lines([line("a"), line("b")]))
    end()
    const { results } = await batchAnswer(await response)
    expect(results.map(said)).toEqual(["overloaded", "skipped_after_failure", "202"])
  })

  test("it is waited for once for all lines, and not by one after the other", async () => {
    const told = createToldApp({ inFlightMessagesMax: 2, publishTimeoutMs: 10 })
    const holders = [told.admission.enter(0)!, told.admission.enter(0)!]
    for (const holder of holders) holder.complete()
    let isAnswered = false
    const response = post(told, lines([..."abcdefgh"].map((key) => line(key))))
    const answered = response.finally(() => {
      isAnswered = true
    })
    await until(
      () => {
        told.clock.nowMs += 1
        return isAnswered
      },
      { what: "the answer" },
    )
    const { results } = await batchAnswer(await answered)
    expect(results.map(said)).toEqual(Array(8).fill("overloaded"))
    expect(told.clock.nowMs).toBeLessThan(40)
  })

  test("results of accepted lines are left out, and counted", async () => {
    const shared = { used: bounds.batchResultsBytesMax }
    const results = new BatchResults(new ResultText(shared), false)
    results.settle(results.open(), { isAccepted: true, text: "{}" })
    results.settle(results.open(), { isAccepted: false, text: "{}" })
    expect([results.accepted, results.failed, results.omitted]).toEqual([1, 1, 1])
  })
})

describe("a batch that does not end well", () => {
  test("when nothing comes for too long, is answered with what there is", async () => {
    const told = createToldApp({}, { bodyReadTimeoutMs: 50 })
    const { body, seen, send } = streamed()
    const response = post(told, body)
    send(`${lines([line("a")])}{"key":"b"`)
    const { results, stopped } = await batchAnswer(await response)
    expect(results.map(said)).toEqual(["202"])
    expect(stopped).toMatchObject({ line: 2, code: "body_read_timeout" })
    expect(seen.isCancelled).toBe(true)
    expect(told.admission.messages).toBe(0)
  })

  test("when the client breaks off, has published its whole lines only", async () => {
    const told = createToldApp()
    const { body, send, fail } = streamed()
    const response = post(told, body)
    send(`${lines([line("a")])}{"key":"b","body":"half"}`)
    await until(() => told.router.published.length === 1, {
      what: "the first line to be published",
    })
    fail()
    expect((await batchAnswer(await response)).stopped?.code).toBe("body_incomplete")
    expect(told.router.published).toHaveLength(1)
  })

  test("when the client has gone, publishes nothing more of what waits", async () => {
    const told = createToldApp({ inFlightMessagesMax: 2 })
    const [confirmed, client] = [Promise.withResolvers<void>(), new AbortController()]
    const publish = told.router.told.publish
    told.router.told.publish = async (topic, message) => {
      await confirmed.promise
      return publish(topic, message)
    }
    const body = lines([..."abc"].map((key) => line(key)))
    const headers = { "content-type": ndjson }
    const response = Promise.resolve(
      told.app.request(url, { method: "POST", body, headers, signal: client.signal }),
    )
    await until(() => told.router.published.length === 1, {
      what: "the first line to be published",
    })
    client.abort()
    confirmed.resolve()
    expect((await batchAnswer(await response)).stopped?.code).toBe("body_incomplete")
    expect(told.router.published).toHaveLength(1)
    expect(told.admission.messages).toBe(0)
  })

  test("when the process ends, is answered at once", async () => {
    const told = createToldApp()
    const { body, send } = streamed()
    const response = post(told, body)
    send(lines([line("a")]))
    await until(() => told.router.published.length === 1, {
      what: "the first line to be published",
    })
    told.stop()
    const answered = await response
    expect(answered.headers.get("connection")).toBe("close")
    expect((await batchAnswer(answered)).stopped?.code).toBe("shutting_down")
  })

  test("when what arrives slowly is in the way of others, gives its place", async () => {
    const told = createToldApp({ inFlightMessagesMax: 1 })
    const { body, send } = streamed()
    const response = post(told, body)
    send('{"key":"a"')
    await until(() => told.admission.bytes > 0, { what: "the beginning to be counted" })
    told.clock.nowMs += bounds.httpBodyUndisturbedMs
    const single = await told.app.request(url, {
      method: "POST",
      headers: { "partition-key": "k" },
    })
    expect(single.status).toBe(202)
    expect((await problemOf(await response)).code).toBe("overloaded")
  })
})

test("a great many results are compressed, and come out as they went in", async () => {
  const shared = { used: 0 }
  const text = new ResultText(shared)
  const results = Array.from({ length: 5_000 }, (_, n) => JSON.stringify({ line: n, id: `m-${n}` }))
  for (const result of results) text.add(result)
  expect(shared.used).toBeGreaterThan(0)
  expect(shared.used).toBeLessThan(results.join(",").length / 2)
  const whole = await new Response(text.body("[", "]")).text()
  expect(whole).toBe(`[${results.join(",")}]`)
  expect(shared.used).toBe(0)
})

test("results that come after a batch was dropped take nothing of what all batches share", () => {
  const shared = { used: 0 }
  const text = new ResultText(shared)
  const result = "x".repeat(bounds.batchResultsTextMax)
  text.add(result)
  expect(shared.used).toBeGreaterThan(0)
  text.drop()
  text.add(result)
  expect(shared.used).toBe(0)
})
