import { type Consumer, createConsumer, type Handler } from "../../src/client/index.ts"
import { serveHttp } from "../../src/http/serve-http.ts"
import { createRouter } from "../../src/index.ts"
import { createLog } from "../../src/log.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { until } from "../../test/support/until.ts"
import type { BenchBroker } from "../bench-broker.ts"
import { makeVhost } from "../bench-vhost.ts"
import { publishAll } from "../publish-all.ts"

const topic = "t"
const group = "g"
const log = createLog({ level: "silent" })
const body = Buffer.alloc(300, "x")

export type QueueType = "classic" | "quorum"

/** A router in this process, with one group, in a vhost of its own. */
export interface BenchGroup {
  /** Messages with these many keys in turn, all confirmed. */
  publish(count: number, keys: number): Promise<void>
  /** A consumer that has joined. */
  join(handler: Handler, concurrency: number): Promise<Consumer>
  /** Waits until each has its share and nothing is on its way to another. */
  settled(consumers: readonly Consumer[]): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function openBenchGroup(
  broker: BenchBroker,
  type: QueueType,
  partitions: number,
): Promise<BenchGroup> {
  const vhost = await makeVhost(broker)
  const members = { initialDelayMs: 0 }
  const router = await createRouter(
    {
      amqp: { url: vhost.url },
      http: { host: "127.0.0.1", port: 0 },
      topics: {
        [topic]: {
          key: [{ use: "header", name: "k" }],
          groups: { [group]: { partitions, queue: { type }, members } },
        },
      },
    },
    { log },
  )
  await router.start()
  const server = serveHttp(router, log)
  return {
    async publish(count, keys) {
      await publishAll(0, count, async (n) => {
        const headers = [["k", `key-${n % keys}`]] as const
        const message = { properties: encodeProperties({ deliveryMode: 2, headers }), body }
        const { kind } = await router.publish(topic, message)
        if (kind !== "accepted") throw new Error(`a message was not accepted but ${kind}`)
      })
    },
    async join(handler, concurrency) {
      const url = { amqp: vhost.url, http: server.url }
      const consumer = createConsumer({ ...url, topic, group, handler, concurrency })
      await consumer.ready
      return consumer
    },
    async settled(consumers) {
      const isShared = () => {
        const sizes = consumers.map((each) => each.partitions.length)
        const total = sizes.reduce((sum, size) => sum + size, 0)
        return total === partitions && Math.max(...sizes) - Math.min(...sizes) <= 1
      }
      await until(isShared, { what: "even shares", timeoutMs: 60_000 })
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await router.stop()
      await vhost[Symbol.asyncDispose]()
    },
  }
}
