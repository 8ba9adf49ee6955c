import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import {
  aliveSchema,
  readySchema,
  topicListSchema,
  topicStatusSchema,
} from "../../src/http/schemas.ts"
import { problemOf } from "./problem-of.ts"
import { createToldApp } from "./told-app.ts"

describe("paths and methods", () => {
  test("a path that is not there is answered 404", async () => {
    const response = await createToldApp().app.request("/v2/nothing")
    expect(response.status).toBe(404)
    expect((await problemOf(response)).code).toBe("not_found")
  })

  test("a wrong method is answered 405 with those that are allowed", async () => {
    const { app } = createToldApp()
    const cases = [
      ["DELETE", "/v1/topics/t/messages", "POST"],
      ["GET", "/v1/topics/t/messages", "POST"],
      ["POST", "/healthz", "GET, HEAD"],
      ["PUT", "/v1/topics/t", "GET, HEAD"],
    ] as const
    for (const [method, path, allow] of cases) {
      const response = await app.request(path, { method })
      expect(response.status).toBe(405)
      expect(response.headers.get("allow")).toBe(allow)
      expect((await problemOf(response)).code).toBe("method_not_allowed")
    }
  })

  test("HEAD is GET without its body", async () => {
    const response = await createToldApp().app.request("/healthz", { method: "HEAD" })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe("")
  })
})

describe("health", () => {
  test("the process is alive, whatever the broker is", async () => {
    const { app, router, stop } = createToldApp()
    router.told.readiness = { ready: false, reasons: ["away"] }
    stop()
    const response = await app.request("/healthz")
    expect(response.status).toBe(200)
    v.parse(aliveSchema, await response.json())
  })

  test("it is ready when the router is", async () => {
    const response = await createToldApp().app.request("/readyz")
    expect(response.status).toBe(200)
    v.parse(readySchema, await response.json())
  })

  test("it is not ready when the router is not, and says why", async () => {
    const { app, router } = createToldApp()
    router.told.readiness = { ready: false, reasons: ["broker away", "source gone"] }
    const response = await app.request("/readyz")
    expect(response.status).toBe(503)
    const body = await problemOf(response)
    expect(body).toMatchObject({ code: "not_ready", reasons: ["broker away", "source gone"] })
  })

  test("it is not ready while it stops", async () => {
    const { app, stop } = createToldApp()
    stop()
    const response = await app.request("/readyz")
    expect(response.status).toBe(503)
    expect((await problemOf(response)).code).toBe("shutting_down")
  })
})

describe("topics", () => {
  test("are listed as configured, plugins by name only", async () => {
    const response = await createToldApp().app.request("/v1/topics")
    const text = await response.text()
    expect(text).not.toContain("s3cr3t")
    expect(v.parse(topicListSchema, JSON.parse(text))).toEqual({
      topics: [
        {
          topic: "t",
          source: "t.source",
          key: ["header", "./mine.ts"],
          onMissingKey: "fixed",
          groups: ["g"],
        },
      ],
    })
  })

  test("one is described with its queues, null where the broker could not say", async () => {
    const { app, router } = createToldApp()
    const given = { confirmed: 3, inFlight: 0 }
    const queues = [
      { queue: "q0", messages: 3, consumers: 1, given },
      { queue: "q1", given },
    ]
    router.told.describe = async () => [
      { group: "g", generation: 2, partitions: 2, partitioner: "consistent-hash", queues },
    ]
    const response = await app.request("/v1/topics/t")
    expect(v.parse(topicStatusSchema, await response.json()).groups).toEqual([
      {
        group: "g",
        generation: 2,
        partitions: 2,
        partitioner: "consistent-hash",
        queues: [
          { partition: 0, queue: "q0", messages: 3, consumers: 1 },
          { partition: 1, queue: "q1", messages: null, consumers: null },
        ],
      },
    ])
  })

  test("an unknown one is answered 404", async () => {
    const response = await createToldApp().app.request("/v1/topics/constructor")
    expect(response.status).toBe(404)
    expect((await problemOf(response)).code).toBe("unknown_topic")
  })

  test("a broker that does not answer is answered 503 in time", async () => {
    const { app, router } = createToldApp({ publishTimeoutMs: 10 })
    router.told.describe = () => new Promise(() => {})
    const response = await app.request("/v1/topics/t")
    expect(response.status).toBe(503)
    expect((await problemOf(response)).code).toBe("broker_away")
  })
})
