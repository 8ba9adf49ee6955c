import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import * as v from "valibot"
import { parseConfig } from "../../src/config/parse-config.ts"
import { acceptedSchema, topicStatusSchema } from "../../src/http/schemas.ts"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Log } from "../../src/log.ts"
import { createRouter, type Router } from "../../src/router.ts"
import { management } from "../support/management.ts"
import { canStartPrivateBroker, startPrivateBroker } from "../support/private-broker.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { problemOf } from "./problem-of.ts"

const nothing = () => {}
const quiet: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing }

/** A message as the management API gets it out of a queue. */
interface Got {
  readonly payload: string
  readonly properties: { readonly [name: string]: unknown }
}

/** Far below every timeout there is, so that it tells an answer from one of those. */
const promptMs = 5_000

const vhost = withVhost()

describe("over HTTP into a real broker", () => {
  let router: Router
  let server: HttpServer

  beforeAll(async () => {
    const group = { partitions: 3, queue: { type: "classic" } }
    const config = parseConfig({
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0, bodyBytesMax: 1000 },
      topics: {
        orders: { key: [{ use: "jsonpath", path: "$.id" }], groups: { a: group, b: group } },
      },
    })
    router = await createRouter(config, { log: quiet, baseDir: import.meta.dir })
    await router.start()
    server = serveHttp(router, quiet)
  })

  afterAll(async () => {
    await server?.stop()
    await router?.stop()
  })

  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/topics/orders/messages`, { method: "POST", body, headers })

  test("a confirmed message is in each queue it was said to be in, verbatim", async () => {
    const body = '{ "id": 42 }\r\n'
    const response = await post(body, {
      "content-type": "application/json",
      "message-id": "m-1",
      "x-tenant": "acme",
    })
    expect(response.status).toBe(202)
    const answer = v.parse(acceptedSchema, await response.json())
    expect(answer.key).toBe("42")
    expect(answer.placements).toHaveLength(2)
    for (const { queue } of answer.placements) {
      const got = await management<Got[]>("POST", `/api/queues/${vhost.name}/${queue}/get`, {
        count: 10,
        ackmode: "ack_requeue_false",
        encoding: "base64",
      })
      expect(got).toHaveLength(1)
      expect(Buffer.from(got[0]!.payload, "base64").toString()).toBe(body)
      expect(got[0]!.properties).toEqual({
        content_type: "application/json",
        message_id: "m-1",
        delivery_mode: 2,
        headers: { "x-tenant": "acme" },
      })
    }
  })

  test("a key by header, as a string or as a number lands in the same queues", async () => {
    const placed = async (response: Promise<Response>) =>
      v.parse(acceptedSchema, await (await response).json()).placements
    const expected = await placed(post('{"id":"4711"}'))
    expect(await placed(post('{"id":4711}'))).toEqual(expected)
    expect(await placed(post("not JSON at all", { "partition-key": "4711" }))).toEqual(expected)
  })

  test("what can never be routed is answered 422 with its code, too much 413", async () => {
    const cases = [
      ['{"other":1}', 422, "missing_key"],
      ['{"id":', 422, "invalid_json"],
      ['{"id":[1]}', 422, "invalid_key"],
      [" ".repeat(1001), 413, "body_too_large"],
    ] as const
    for (const [body, status, code] of cases) {
      const response = await post(body)
      expect(response.status).toBe(status)
      expect((await problemOf(response)).code).toBe(code)
    }
  })

  test("the topic tells the depth of its queues", async () => {
    const response = await post('{"id":"deep"}')
    const { placements } = v.parse(acceptedSchema, await response.json())
    const described = await fetch(`${server.url}/v1/topics/orders`)
    const { groups } = v.parse(topicStatusSchema, await described.json())
    for (const { group, partition } of placements) {
      const status = groups.find((candidate) => candidate.group === group)
      expect(status?.queues[partition]?.messages).toBeGreaterThan(0)
    }
  })
})

describe.skipIf(!canStartPrivateBroker)("without its broker", () => {
  test("publishing and readiness answer 503 at once, and 202 when it is back", async () => {
    const broker = await startPrivateBroker()
    const config = parseConfig({
      amqp: { url: broker.url },
      http: { host: "127.0.0.1", port: 0 },
      topics: { orders: { groups: { a: { partitions: 2, queue: { type: "classic" } } } } },
    })
    const router = await createRouter(config, { log: quiet, baseDir: import.meta.dir })
    await router.start()
    const server = serveHttp(router, quiet)
    const post = () =>
      fetch(`${server.url}/v1/topics/orders/messages`, {
        method: "POST",
        body: "hello",
        headers: { "partition-key": "k" },
      })
    try {
      expect((await post()).status).toBe(202)
      await broker.kill9()
      const startMs = performance.now()
      const refused = await post()
      expect(performance.now() - startMs).toBeLessThan(promptMs)
      // The very first may have been sent before the loss was noticed.
      expect([503, 504]).toContain(refused.status)
      await problemOf(refused)
      const readiness = await fetch(`${server.url}/readyz`)
      expect(readiness.status).toBe(503)
      expect((await problemOf(readiness)).reasons).not.toBeEmpty()
      expect((await post()).status).toBe(503)
      expect(performance.now() - startMs).toBeLessThan(promptMs)
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
      await broker.restart()
      await until(async () => (await fetch(`${server.url}/readyz`)).ok, {
        what: "readiness",
        timeoutMs: 30_000,
      })
      expect((await post()).status).toBe(202)
    } finally {
      await server.stop()
      await router.stop()
      await broker.stop()
    }
  }, 90_000)
})
