import { expect, test } from "bun:test"
import { createConsumer } from "../../src/client/index.ts"
import { serveHttp } from "../../src/http/serve-http.ts"
import { runPartymq } from "../cli/partymq.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()

test("what a handler failed with is listed and replayed to its group alone, by the key that it was given", async () => {
  const group = { partitions: 8, members: { initialDelayMs: 0 } }
  const config = {
    amqp: { url: vhost.url },
    http: { host: "127.0.0.1", port: 0 },
    topics: { t: { groups: { failing: group, other: group } } },
  }
  const router = await startedRouter(config)
  const server = serveHttp(router, quietLog)
  using folder = temporaryFolder({ "partymq.config.json": JSON.stringify(config) })
  const run = (...args: string[]) => runPartymq(["dlq", ...args], { folder: folder.path })
  const handled: object[] = []
  let isBroken = true
  const options = { amqp: vhost.url, http: server.url, topic: "t" }
  const failing = createConsumer({
    ...options,
    group: "failing",
    handler(message) {
      const { keyText, partition } = message
      if (isBroken) throw Object.assign(new Error("no stock"), { retriable: false })
      handled.push({ keyText, partition, text: message.text() })
    },
  })
  const other = createConsumer({ ...options, group: "other", handler: () => {} })
  try {
    const headers = { "Partition-Key": "c-7" }
    const url = `${server.url}/v1/topics/t/messages`
    const response = await fetch(url, { method: "POST", headers, body: "any bytes" })
    const { placements } = (await response.json()) as { placements: { partition: number }[] }
    await until(() => failing.counts.deadLettered === 1, { what: "the dead letter" })
    await until(() => other.counts.handled === 1, { what: "the other group's copy" })
    const listed = await run("ls", "t")
    expect(listed.stdout).toContain("handler_failed")
    expect(listed.stdout).toContain("the handler failed once with Error: no stock")
    isBroken = false
    const replayed = await run("replay", "t")
    expect(replayed.stdout).toContain("1 replayed, 0 rejected again")
    await until(() => handled.length === 1, { what: "the message again" })
    const { partition } = placements[0]!
    expect(handled).toEqual([{ keyText: "c-7", partition, text: "any bytes" }])
    expect(other.counts.handled).toBe(1)
  } finally {
    await failing.close()
    await other.close()
    await server.stop()
    await router.stop()
  }
}, 60_000)
