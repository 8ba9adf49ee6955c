import { expect, test } from "bun:test"
import { AMQPClient } from "@cloudamqp/amqp-client"
import { clientsRecord } from "../../../src/core/generation.ts"
import { serveHttp } from "../../../src/http/serve-http.ts"
import { keyed } from "../../support/key-flow.ts"
import { quietLog, startedRouter } from "../../support/test-router.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"

const vhost = withVhost()
const topics = ["broken", "whole"] as const

function configured(topic: string) {
  const named = { exchange: `exchange of ${topic}`, routingKeyPrefix: `to ${topic} ` }
  const clients = { ...named, partitions: 2, initialDelayMs: 0 }
  const pods = { partitions: "clients" as const, queue: { type: "classic" as const }, clients }
  return { key: [{ use: "header" as const, name: "k" }], groups: { pods } }
}

test("a record that cannot be read stops its own group, which says so, and goes on once it is mended", async () => {
  const start = () =>
    startedRouter({
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0 },
      topics: Object.fromEntries(topics.map((topic) => [topic, configured(topic)])),
    })
  const connection = await new AMQPClient(vhost.url).connect()
  const channel = await connection.channel()
  const record = clientsRecord("broken", "pods")
  // Declared by a first router, with a record of one client.
  const first = await start()
  expect(await first.clientGroups[0]!.bind("pod")).toEqual({ kind: "ok" })
  const hasClient = async () => {
    const reading = await connection.channel()
    const found = await reading.basicGet(record, { noAck: false })
    await reading.close()
    return found?.bodyString()?.includes('"pod"') === true
  }
  await until(hasClient, { what: "the client in the record" })
  await first.stop()
  const kept = await channel.basicGet(record, { noAck: true })
  await channel.confirmSelect()
  await channel.basicPublish("", record, "no record at all", { deliveryMode: 2 })

  const router = await start()
  const server = serveHttp(router, quietLog)
  try {
    const [broken, whole] = topics.map(
      (topic) => router.clientGroups.find((each) => each.topic === topic)!,
    )
    const named = expect.stringContaining(`"${record}"`)
    expect(await broken!.bind("pod")).toEqual({ kind: "away", detail: named })

    expect(await whole!.bind("pod")).toEqual({ kind: "ok" })
    const { name: queue } = await channel.queueDeclare("queue of pod")
    await channel.queueBind(queue, whole!.config.exchange, whole!.routingKey("pod"))
    expect(await whole!.ready("pod", queue)).toEqual({ kind: "ok" })
    for (const topic of topics) {
      expect((await router.publish(topic, keyed("k1", topic))).kind).toBe("accepted")
    }
    const arrived = await until(() => channel.basicGet(queue, { noAck: true }), {
      what: "the other group's message",
    })
    expect(arrived.bodyString()).toBe("whole")

    const asked = async (path: string) => (await fetch(`${server.url}${path}`)).json()
    expect(await asked("/readyz")).toEqual({ status: "ready", impaired: [named] })
    expect(await asked("/v1/topics/broken")).toMatchObject({ groups: [{ problems: [named] }] })
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('partymq_client_problems{topic="broken",group="pods"} 1')
    expect(metrics).toContain('partymq_client_problems{topic="whole",group="pods"} 0')

    await channel.basicPublish("", record, kept!.bodyString()!, { deliveryMode: 2 })
    await until(() => broken!.counts.clients.bound === 1, { what: "the client of the record" })
    expect(broken!.problems).toEqual([])
  } finally {
    await server.stop()
    await router.stop()
    await connection.close()
  }
}, 30_000)
