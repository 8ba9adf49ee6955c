import { expect, setDefaultTimeout, test } from "bun:test"
import { serveHttp } from "../../src/http/serve-http.ts"
import { PullClient } from "../support/pull-client.ts"
import { quietLog, startedRouter } from "../support/test-router.ts"
import { withVhost } from "../support/vhost.ts"
import { runPartymq } from "./partymq.ts"
import { classic, classicDeadLetter, type TopicInput, topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()

test("what nobody could handle is listed, shown, and replayed to its group alone, with its own key", async () => {
  const pull = { deliveriesMax: 1 }
  const input: TopicInput = {
    groups: { g: { partitions: 8, ...classic, pull }, other: { partitions: 8, ...classic } },
    deadLetter: classicDeadLetter,
  }
  using folder = topicFolder(vhost.url, input)
  const { topic } = folder
  const http = { host: "127.0.0.1", port: 0 }
  const config = { amqp: { url: vhost.url }, http, topics: { [topic]: input } }
  const router = await startedRouter(config)
  const server = serveHttp(router, quietLog)
  const [client, other] = ["g", "other"].map((group) => new PullClient(server.url, topic, group))
  const dlq = async (...args: readonly string[]) => {
    const run = await runPartymq(["dlq", ...args, "--output", "json"], folder.options)
    expect({ ...run, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" })
    return JSON.parse(run.stdout)
  }
  try {
    const published = await fetch(`${server.url}/v1/topics/${topic}/messages`, {
      method: "POST",
      body: "bad",
      headers: { "partition-key": "k", "x-own": "header", "message-id": "m-1" },
    })
    expect(published.status).toBe(202)
    const [first] = await client!.receive()
    await client!.settle("nack", [first!])
    expect(await client!.receive({ waitMs: 500 })).toEqual([])
    await other!.settle("ack", await other!.receive())
    const source = `partymq.${topic}.g.g1.p${first!.partition}`
    const reason = "deliveries_exhausted"
    expect(await dlq("ls", topic)).toMatchObject([{ reason, source, sizeBytes: 3, groups: ["g"] }])
    expect(await dlq("show", topic, "1")).toMatchObject({
      message: { id: "m-1", body: "bad", headers: { "x-own": "header", "x-partymq-key": "k" } },
    })
    expect(await dlq("replay", topic)).toEqual({ replayed: 1, rejectedAgain: 0 })
    const [again] = await client!.receive()
    const { receipt: _, ...same } = first!
    expect(again).toMatchObject(same)
    await client!.settle("ack", [again!])
    expect(await other!.receive({ waitMs: 100 })).toEqual([])
  } finally {
    await server.stop()
    await router.stop()
  }
})
