import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { tmpdir } from "node:os"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { withVhost } from "../support/vhost.ts"
import { runPartymq } from "./partymq.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()

describe("group", () => {
  let router: Router
  let server: HttpServer

  beforeAll(async () => {
    const members = { initialDelayMs: 0 }
    const queue = { type: "classic" as const }
    const groups = {
      g: { partitions: 3, queue, members },
      other: { partitions: 1, queue, members },
    }
    router = await startedRouter({
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0 },
      topics: { orders: { groups } },
    })
    server = serveHttp(router, quietLog)
    for (const memberId of ["pod-1", "pod-2"]) {
      const body = JSON.stringify({ memberId })
      await fetch(`${server.url}/v1/topics/orders/groups/g/members`, { method: "POST", body })
    }
  })

  afterAll(async () => {
    await server?.stop()
    await router?.stop()
  })

  const run = (...args: string[]) =>
    runPartymq(["group", ...args, "--url", server.url], { folder: tmpdir() })

  test("ls lists groups with their members, as a table and as JSON", async () => {
    const [text, json] = await Promise.all([run("ls"), run("ls", "orders", "--output", "json")])
    expect(text.stdout.split("\n")[1]).toMatch(/^orders +g +1 +3 +2 +0 +0$/)
    expect(JSON.parse(json.stdout).groups).toEqual([
      {
        ...{ topic: "orders", group: "g", generation: 1, partitions: 3 },
        ...{ members: 2, messages: 0, idlePartitions: 0 },
      },
      {
        ...{ topic: "orders", group: "other", generation: 1, partitions: 1 },
        ...{ members: 0, messages: 0, idlePartitions: 0 },
      },
    ])
  })

  test("describe shows members, and whose each partition is", async () => {
    const args = ["describe", "orders", "g"]
    const [text, json] = await Promise.all([run(...args), run(...args, "--output", "json")])
    expect(text.stdout).toContain("pod-1")
    expect(text.stdout).toMatch(/^0 +partymq\.orders\.g\.g1\.p0 +0 +0 +pod-1/m)
    const { members, partitions } = JSON.parse(json.stdout)
    expect(members.map((each: { memberId: string }) => each.memberId)).toEqual(["pod-1", "pod-2"])
    // The second one is the heir of what it is to take over.
    expect(partitions[2].members).toEqual(["pod-1", "pod-2"])
  })

  test("says what is wrong, and fails", async () => {
    const nobody = ["group", "ls", "--url", "http://127.0.0.1:1", "--output", "json"]
    const failures = await Promise.all([
      run("describe", "orders", "nothing", "--output", "json"),
      run("ls", "nothing", "--output", "json"),
      runPartymq(nobody, { folder: tmpdir() }),
    ])
    const codes = failures.map(({ exitCode, stderr }) => [exitCode, JSON.parse(stderr).error.code])
    expect(codes).toEqual([
      [1, "unknown_group"],
      [1, "unknown_topic"],
      [1, "router_away"],
    ])
  })
})
