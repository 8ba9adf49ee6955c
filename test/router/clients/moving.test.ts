import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { AMQPMessage } from "@cloudamqp/amqp-client"
import { type HttpServer, serveHttp } from "../../../src/http/serve-http.ts"
import type { Router } from "../../../src/router.ts"
import { closeConnection } from "../../support/consumer-connections.ts"
import { keyed } from "../../support/key-flow.ts"
import { management } from "../../support/management.ts"
import { OldClient } from "../../support/old-client.ts"
import { OrderOracle } from "../../support/order-oracle.ts"
import { quietLog, startedRouter } from "../../support/test-router.ts"
import { until } from "../../support/until.ts"
import { withVhost } from "../../support/vhost.ts"

const vhost = withVhost()
const keys = 60

for (const type of ["classic", "quorum"] as const) {
  describe(`clients with ${type} queues, while messages flow`, () => {
    const oracle = new OrderOracle()
    const sent: { key: string; revision: number }[] = []
    let router: Router
    let server: HttpServer
    let isPublishing = true
    let publishing: Promise<void>
    const clients: OldClient[] = []

    const topic = `moving-${type}`
    const input = () => ({
      amqp: { url: vhost.url, managementUrl: vhost.managementUrl },
      http: { host: "127.0.0.1", port: 0 },
      topics: {
        [topic]: {
          key: [{ use: "header", name: "k" }],
          groups: {
            pods: {
              partitions: "clients" as const,
              queue: { type: "classic" as const },
              clients: {
                exchange: `exchange of ${topic}`,
                partitions: 16,
                initialDelayMs: 300,
                returnDelayMs: 300,
                heartbeatCheckIntervalMs: 200,
                heartbeatExpiryMs: 3_000,
              },
            },
          },
        },
      },
    })

    async function begin() {
      router = await startedRouter(input())
      server = serveHttp(router, quietLog)
    }

    beforeAll(async () => {
      await begin()
      publishing = publish()
    }, 60_000)

    afterAll(async () => {
      isPublishing = false
      for (const client of clients) client.crash()
      await publishing
      await server?.stop()
      await router?.stop()
    }, 60_000)

    async function publish(): Promise<void> {
      for (let n = 0; isPublishing; n++) {
        const event = { key: `k${n % keys}`, revision: Math.floor(n / keys) + 1 }
        const message = keyed(event.key, JSON.stringify(event))
        const outcome = await router.publish(topic, message)
        if (outcome.kind === "accepted") sent.push(event)
        else n -= 1
        if (n % 10 === 0) await Bun.sleep(1)
      }
    }

    async function joined(name: string): Promise<OldClient> {
      const handle = async (message: AMQPMessage) => {
        const event = JSON.parse(message.bodyString()!) as { key: string; revision: number }
        if (client.isCrashed) return
        oracle.started(client.options.name, 0, event)
        await Bun.sleep(0)
        oracle.finished(client.options.name, event)
      }
      const queue = { type }
      const httpUrl = server.url
      const client = new OldClient({
        amqpUrl: vhost.url,
        httpUrl,
        name: `${name}-${type}`,
        queue,
        handle,
      })
      await client.start()
      clients.push(client)
      return client
    }

    const shares = () => {
      const counts: Record<string, number> = {}
      for (let n = 0; n < 16; n++) {
        const client = router.clientGroups[0]!.clientOf(n) ?? "nobody"
        counts[client] = (counts[client] ?? 0) + 1
      }
      return counts
    }
    const shared = (...names: string[]) =>
      until(
        () => {
          const found = shares()
          const sizes = names.map((name) => found[`${name}-${type}`] ?? 0)
          const sum = sizes.reduce((a, b) => a + b, 0)
          return sum === 16 && Math.max(...sizes) - Math.min(...sizes) <= 1
        },
        {
          what: () => `even shares: ${JSON.stringify([shares(), router.clientGroups[0]!.counts])}`,
          timeoutMs: 40_000,
        },
      )
    const flowing = async () => {
      const before = oracle.distinct
      await until(() => oracle.distinct > before + 100, { what: "messages", timeoutMs: 30_000 })
    }

    test("one that comes gets its share, and no order breaks", async () => {
      await joined("a")
      await shared("a")
      await flowing()
      await joined("b")
      await shared("a", "b")
      await flowing()
      if (type === "classic") {
        await joined("c")
        await shared("a", "b", "c")
        await flowing()
      }
      expect(oracle.verdict([])).toMatchObject({ inverted: 0, overlapping: 0, duplicated: 0 })
    }, 90_000)

    test("a connection that is lost costs repeats and nothing else", async () => {
      const connections = () =>
        management<{ name: string; user_provided_name?: string }[]>(
          "GET",
          `/api/vhosts/${vhost.name}/connections`,
        )
      const ours = await until(
        async () =>
          (await connections()).filter((each) => each.user_provided_name === "partymq clients"),
        { what: "the connection to be listed" },
      )
      for (const { name } of ours) {
        await closeConnection(name)
      }
      await shared(...(type === "classic" ? ["a", "b", "c"] : ["a", "b"]))
      await flowing()
    }, 60_000)

    // What is told of a quorum queue is seconds old: each move takes as long.
    const onlyClassic = type === "classic" ? test : () => {}

    test("one that dies strands nothing", async () => {
      clients[0]!.crash()
      await shared(...(type === "classic" ? ["b", "c"] : ["b"]))
      await flowing()
    }, 90_000)

    onlyClassic(
      "one that leaves strands nothing",
      async () => {
        await clients[1]!.leave()
        await shared("c")
        await flowing()
      },
      90_000,
    )

    onlyClassic(
      "one that comes back is welcome",
      async () => {
        await joined("a")
        await shared("a", "c")
        await flowing()
      },
      60_000,
    )

    test("nothing is lost or out of order in the end", async () => {
      isPublishing = false
      await publishing
      await until(() => oracle.distinct === sent.length, {
        what: () => `${sent.length} messages, of which ${oracle.distinct} have come`,
        timeoutMs: 30_000,
      })
      const { duplicated, ...verdict } = oracle.verdict(sent)
      expect(verdict).toEqual({ lost: 0, inverted: 0, misplaced: 0, overlapping: 0, altered: 0 })
      expect(duplicated).toBeLessThan(2_000)
    }, 60_000)
  })
}
