import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { tmpdir } from "node:os"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { problemOf } from "../http/problem-of.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { withVhost } from "../support/vhost.ts"
import { runPartymq } from "./partymq.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()

describe("keys", () => {
  let router: Router
  let server: HttpServer
  const ask = (path: string, body: object) =>
    fetch(`${server.url}/v1/topics/orders/groups/g/keys${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    })

  beforeAll(async () => {
    router = await startedRouter({
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0 },
      topics: { orders: { groups: { g: { partitions: 3, queue: { type: "classic" } } } } },
    })
    server = serveHttp(router, quietLog)
  })

  afterAll(async () => {
    await server?.stop()
    await router?.stop()
  })

  const run = (...args: string[]) =>
    runPartymq(["keys", ...args, "--url", server.url], { folder: tmpdir() })

  test("ls lists parked keys, and resume has one handled", async () => {
    expect((await run("ls", "orders", "g")).stdout.trim()).toBe("no parked keys")
    await ask("", { key: "küche", partition: 2, detail: "it failed" })
    await ask("", { keyBase64: "//8=", partition: 1 })
    const [text, json] = await Promise.all([
      run("ls", "orders", "g"),
      run("ls", "orders", "g", "--output", "json"),
    ])
    expect(text.stdout).toMatch(/^küche +2 +parked +0 +\S+ +it failed$/m)
    expect(text.stdout).toContain("//8= (base64)")
    expect(JSON.parse(json.stdout).keys).toMatchObject([
      { key: "küche", queue: "partymq.orders.g.parked.1" },
      { key: null, keyBase64: "//8=" },
    ])
    expect((await run("resume", "orders", "g", "küche")).exitCode).toBe(0)
    const base64 = await run("resume", "orders", "g", "//8=", "--encoded", "--output", "json")
    expect(JSON.parse(base64.stdout)).toMatchObject({ state: "resuming", messages: 0 })
    const none = await run("resume", "orders", "g", "other")
    expect(none.exitCode).toBe(1)
    expect(none.stderr).toContain("no such key is parked")
  })

  test("over HTTP a key is released only as it is known, and with nothing in its queue", async () => {
    const parked = (await (await ask("", { key: "a", partition: 0 })).json()) as { queue: string }
    const { version } = (await (await ask("/resume", { key: "a" })).json()) as { version: number }
    const claimed = await (await ask("/claim", { partition: 0 })).json()
    expect(claimed).toMatchObject({ keys: [{ key: "a", version: version + 1 }] })
    expect((await ask("/release", { key: "a", version })).status).toBe(409)
    expect((await ask("/release", { key: "a", version: version + 1 })).status).toBe(200)
    expect((await ask("/release", { key: "a", version: version + 1 })).status).toBe(200)
    const again = (await (await ask("", { key: "a", partition: 0 })).json()) as { queue: string }
    expect(again.queue).not.toBe(parked.queue)
    expect((await ask("", { key: "a", keyBase64: "YQ==", partition: 0 })).status).toBe(400)
    expect((await ask("/resume", { key: "b" })).status).toBe(404)
  })

  test("over HTTP a partition that the group does not have is refused, and nothing is recorded", async () => {
    const path = `${server.url}/v1/topics/orders/groups/g/keys`
    const version = async () => ((await (await fetch(path)).json()) as { version: number }).version
    const before = await version()
    const refused = [
      await ask("", { key: "far", partition: 3 }),
      await ask("/claim", { partition: 3 }),
      await fetch(`${path}?partition=3`),
    ]
    for (const response of refused) {
      expect(response.status).toBe(404)
      expect(await problemOf(response)).toMatchObject({
        code: "unknown_partition",
        retriable: false,
        detail: 'group "g" of topic "orders" has no partition 3; it has partitions 0 to 2',
      })
    }
    expect(await version()).toBe(before)
    expect((await fetch(`${path}?partition=2`)).status).toBe(200)
  })

  test("resume refuses a key of a partition that the group has no more, and says where its messages are", async () => {
    const parked = await router.parkingLot("orders", "g")!.park("ZmFy", 7, "")
    const refused = await run("resume", "orders", "g", "far")
    expect(refused).toMatchObject({ exitCode: 1, stdout: "" })
    expect(refused.stderr).toContain("has no partition 7; it has partitions 0 to 2")
    expect(refused.stderr).toContain(`stay in "${parked!.queue}"`)
    expect(await router.parkingLot("orders", "g")!.find("ZmFy")).toEqual(parked)
  })
})
