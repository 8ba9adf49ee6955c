import { describe, expect, test } from "bun:test"
import { partitionQueue } from "../../src/core/generation.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { isReady, serving } from "../cli/serving.ts"
import { topicFolder } from "../cli/topic-folder.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const encoder = new TextEncoder()
const properties = encodeProperties({ deliveryMode: 2, headers: [["k", "a"]] })

describe.skipIf(process.platform === "win32")(
  "a router that is frozen for longer than its heartbeat",
  () => {
    test("loses its source to a replica, and acks nothing of it when it wakes", async () => {
      const source = unique("source")
      const full = { type: "classic", maxLength: 1, overflow: "reject-publish" } as const
      using folder = topicFolder(
        vhost.url,
        {
          source: { queue: source, type: "classic" },
          key: [{ use: "header", name: "k" }],
          retry: { backoffMs: 10, backoffMaxMs: 50 },
          groups: { g: { partitions: 1, queue: full } },
        },
        { settings: { http: { host: "127.0.0.1", port: 0 }, amqp: { heartbeatSeconds: 1 } } },
      )
      const { topic, options } = folder
      await using first = await serving("serve", options)
      await isReady(first)
      await using second = await serving("serve", options)
      await isReady(second)
      const connection = await connect(vhost.url)
      const publisher = await RawPublisher.open(connection, source)
      const bodies = Array.from({ length: 60 }, (_, n) => String(n))
      for (const body of bodies) publisher.publish(properties, encoder.encode(body))
      await publisher.unconfirmedAtMost(0)
      // One is in the partition, and the rest is held by the first router, unacked.
      await until(async () => (await consumed(first.url)) === 60, {
        what: "the first to have it all",
      })
      expect(await consumed(second.url)).toBe(0)
      first.child.kill("SIGSTOP")
      await until(async () => (await consumed(second.url)) >= 59, {
        what: "the second to have it",
        timeoutMs: 20_000,
      })
      first.child.kill("SIGCONT")
      await isReady(first)
      const seen: number[] = []
      const isComplete = () => new Set(seen).size === 60
      while (!isComplete()) {
        const [next] = await take(vhost.url, partitionQueue(topic, "g", 1, 0), 1)
        seen.push(Number(new TextDecoder().decode(next!.body)))
      }
      // First deliveries in order: a repeat may come between, and nothing that was left out before.
      const firsts = seen.filter((each, at) => seen.indexOf(each) === at)
      expect(firsts).toEqual(bodies.map(Number))
      expect(seen.length).toBeLessThanOrEqual(120)
      expect(first.child.exitCode).toBeNull()
      await connection.shut(5_000)
    }, 60_000)
  },
)

async function consumed(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^partymq_consumed_messages_total\S* (\d+)$/m.exec(text)?.[1])
}
