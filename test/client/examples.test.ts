import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { type HttpServer, serveHttp } from "../../src/http/serve-http.ts"
import type { Router } from "../../src/router.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { codeBlock, readPage, root } from "../readme/pages.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
let router: Router
let server: HttpServer

beforeAll(async () => {
  const members = { initialDelayMs: 0, sessionTimeoutMs: 5_000 }
  const key = [{ use: "jsonpath", path: "$.customer.id" }]
  router = await startedRouter({
    amqp: { url: vhost.url },
    http: { host: "127.0.0.1", port: 0 },
    topics: { orders: { key, groups: { billing: { partitions: 2, members } } } },
  })
  server = serveHttp(router, quietLog)
}, 60_000)

afterAll(async () => {
  await server?.stop()
  await router?.stop()
})

/** A program that runs until it is told to end, and what it prints. */
function started(command: readonly string[], cwd: string) {
  const { PATH = "", HOME = "" } = process.env
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH, HOME, AMQP_URL: vhost.url, PARTYMQ_URL: server.url },
    stdout: "pipe",
    stderr: "inherit",
  })
  const lines: string[] = []
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      lines.push(...text.trimEnd().split("\n"))
    }
  })()
  const end = async () => {
    child.kill("SIGTERM")
    await reading
    return child.exited
  }
  return { lines, end }
}

async function publish(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const response = await fetch(`${server.url}/v1/topics/orders/messages`, {
      method: "POST",
      body: JSON.stringify({ customer: { id }, total: 12.5 }),
    })
    expect(response.status).toBe(202)
  }
}

const ids = Array.from({ length: 20 }, (_, n) => `c-${n}`)

describe("the example", () => {
  test("of a consumer is the README's, and handles messages until it is told to end", async () => {
    const code = codeBlock(await readPage("docs/consumers.md"), "consumer.ts")
    expect(codeBlock(await readPage("README.md"), "consumer.ts")).toBe(code)
    using folder = temporaryFolder({ "consumer.ts": code })
    mkdirSync(join(folder.path, "node_modules"))
    symlinkSync(root, join(folder.path, "node_modules/partymq"))
    symlinkSync(join(root, "node_modules/valibot"), join(folder.path, "node_modules/valibot"))
    const consumer = started([process.execPath, "consumer.ts"], folder.path)
    await publish(ids)
    await until(() => consumer.lines.length === 20, { what: "all messages" })
    expect(consumer.lines.map((line) => line.split(" ")[1]).sort()).toEqual([...ids].sort())
    expect(await consumer.end()).toBe(0)
  }, 30_000)
})
