import { describe, expect, test } from "bun:test"
import { readGenerations } from "../../src/broker/generation-log.ts"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import type { Router } from "../../src/router.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { closeConnection } from "../support/consumer-connections.ts"
import { management } from "../support/management.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { newRouter, startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const encoder = new TextEncoder()
const properties = encodeProperties({ deliveryMode: 2, headers: [["k", "a"]] })

const configured = (topic: string, partitions = 2): ConfigInput => ({
  amqp: { url: vhost.url },
  topics: {
    [topic]: {
      source: { queue: `${topic}.source` },
      key: [{ use: "header", name: "k" }],
      groups: { g: { partitions, queue: { type: "classic" } } },
    },
  },
})

interface Listed {
  readonly name: string
  readonly user_provided_name?: string
}

const publishConnections = async () => {
  const path = `/api/vhosts/${vhost.name}/connections`
  const open = await management<Listed[]>("GET", path)
  return open.filter((each) => each.user_provided_name === "partymq publish")
}

/** Closes the router's publish connection as an operator would, once it is listed. */
async function closePublishing(router: Router): Promise<void> {
  const before = router.stats.reconnects.publish
  const listed = await until(
    async () => {
      const open = await publishConnections()
      return open.length > 0 ? open : undefined
    },
    { what: "the connection to be listed", timeoutMs: 20_000 },
  )
  for (const { name } of listed) {
    await closeConnection(name)
  }
  await until(() => !router.readiness().ready || router.stats.reconnects.publish > before, {
    what: "the loss to be noticed",
    intervalMs: 1,
  })
}

describe("a router that has run", () => {
  test("waits out a queue that somebody declared otherwise, says why, and goes on", async () => {
    const topic = unique("otherwise")
    const router = await startedRouter(configured(topic))
    const queue = partitionQueue(topic, "g", 1, 0)
    const path = `/api/queues/${vhost.name}/${queue}`
    await management("DELETE", path)
    await management("PUT", path, { durable: true, arguments: { "x-queue-type": "classic" } })
    await closePublishing(router)
    const said = () => JSON.stringify(router.readiness())
    await until(() => said().includes(queue), { what: "readiness to name the queue" })
    await management("DELETE", path)
    await until(() => router.readiness().ready, { what: "readiness", timeoutMs: 20_000 })
    const message = { properties, body: encoder.encode("on") }
    expect((await router.publish(topic, message)).kind).toBe("accepted")
    await router.stop()
  }, 60_000)

  test("records its generation again in a broker that has lost it", async () => {
    const topic = unique("forgotten")
    const router = await startedRouter(configured(topic, 2))
    await management("DELETE", `/api/queues/${vhost.name}/partymq.${topic}.generations`)
    await closePublishing(router)
    await until(() => router.readiness().ready, { what: "readiness", timeoutMs: 20_000 })
    // The broker ends a connection that comes to a stream too early.
    const isRecorded = async () => {
      const connection = await connect(vhost.url)
      const recorded = readGenerations(connection, topic)
      return (await recorded.finally(() => connection.shut(5_000))).has("g")
    }
    await until(isRecorded, { what: "the record to be there again" })
    const other = await newRouter(configured(topic, 3))
    await expect(other.start()).rejects.toThrow("partitions: recorded 2, configured 3")
    await other.stop()
    await router.stop()
  }, 60_000)
})

test("a router that is stopped while it starts leaves no connection, and its start ends", async () => {
  for (const delayMs of [0, 1, 2, 4, 8]) {
    const router = await newRouter(configured(unique("early")))
    const started = router.start().then(
      () => "started",
      (error: { code: string }) => error.code,
    )
    await Bun.sleep(delayMs)
    await router.stop()
    expect(["started", "stopped"]).toContain(await started)
    expect(router.readiness().ready).toBe(false)
  }
})

test("a publish to groups that do not exist is refused at once", async () => {
  const topic = unique("groups")
  const router = await startedRouter(configured(topic))
  const publishing = router.publish(
    topic,
    { properties, body: encoder.encode("") },
    { groups: ["x"] },
  )
  await expect(publishing).rejects.toThrow("no such groups")
  await router.stop()
})

test("headers that the broker lets grow over a frame go through", async () => {
  const topic = unique("grown")
  const router = await startedRouter(configured(topic, 1))
  const connection = await connect(vhost.url)
  const delay = `${topic}.delay`
  const channel = await connection.plainChannel()
  // What expires there goes to the source, with the broker's account of it in the headers.
  await channel.queueDeclare(
    delay,
    { durable: true },
    {
      "x-message-ttl": 1,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": `${topic}.source`,
    },
  )
  const publisher = await RawPublisher.open(connection, delay)
  const fill = "x".repeat(130_900)
  const headers: [string, string][] = [
    ["k", "a"],
    ["fill", fill],
  ]
  publisher.publish(encodeProperties({ deliveryMode: 2, headers }), encoder.encode("large"))
  await publisher.unconfirmedAtMost(0)
  const [arrived] = await take(vhost.url, partitionQueue(topic, "g", 1, 0), 1)
  expect(new TextDecoder().decode(arrived!.body)).toBe("large")
  expect(router.stats.reconnects).toEqual({ publish: 0, consume: 0, pull: 0 })
  await connection.shut(5_000)
  await router.stop()
}, 30_000)
