import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { ConfigInput } from "../../src/config/schema/config-schema.ts"
import { bounds } from "../../src/core/bounds.ts"
import { partitionQueue } from "../../src/core/generation.ts"
import { KeyFlow, keyed, keyOfEach } from "../support/key-flow.ts"
import { management } from "../support/management.ts"
import { OrderOracle } from "../support/order-oracle.ts"
import {
  canStartPrivateBroker,
  type PrivateBroker,
  startPrivateBroker,
} from "../support/private-broker.ts"
import { take } from "../support/raw-client.ts"
import { startedRouter } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()

const configured = (url: string, topic: string): ConfigInput => ({
  amqp: { url, confirmTimeoutMs: 2_000 },
  http: { publishTimeoutMs: 1_000 },
  topics: {
    [topic]: {
      key: [{ use: "header", name: "k" }],
      groups: { g: { partitions: 2 } },
      retry: { backoffMs: 10, backoffMaxMs: 50 },
    },
  },
})

test("a partition queue that somebody made anew otherwise gets nothing until it is put right", async () => {
  const topic = unique("replaced")
  const router = await startedRouter(configured(vhost.url, topic))
  const [key, other] = keyOfEach(router, topic, 2) as [string, string]
  const queue = partitionQueue(topic, "g", 1, 0)
  const path = `/api/queues/${vhost.name}/${queue}`
  const second = KeyFlow.start(router, topic, other, 10)
  await management("DELETE", path)
  await management("PUT", path, { durable: true, arguments: { "x-queue-type": "classic" } })
  const said = () => JSON.stringify(router.readiness())
  await until(() => said().includes(`${queue}\\" exists with other settings`), {
    what: "readiness to name the queue",
    timeoutMs: 2 * bounds.queueCheckIntervalMs,
  })
  const refused = await router.publish(topic, keyed(key, "0"))
  expect(refused).toMatchObject({ kind: "unavailable" })
  const first = KeyFlow.start(router, topic, key)
  await second.more(100)
  expect(router.stats.reconnects.publish).toBe(0)
  expect(first.accepted).toBe(0)
  const found = await management<{ messages?: number }>("GET", path)
  expect(found.messages ?? 0).toBe(0)
  await management("DELETE", path)
  await first.more(20)
  await until(() => said() === '{"ready":true}', { what: "no queue to be named" })
  await Promise.all([first.stop(), second.stop()])
  const bodies = (await take(vhost.url, queue, first.accepted)).map(({ body }) =>
    Number(text(body)),
  )
  expect(bodies).toEqual(Array.from({ length: first.accepted }, (_, at) => at + 1))
  await router.stop()
}, 60_000)

if (!canStartPrivateBroker) console.warn("skipped: needs a rabbitmq-server on this machine")

describe.skipIf(!canStartPrivateBroker)("a quorum queue without a leader", () => {
  let broker: PrivateBroker
  beforeAll(async () => {
    broker = await startPrivateBroker()
  }, 60_000)
  afterAll(() => broker?.stop())

  test("costs the others one reconnect at most, is named, and is published to when it has one", async () => {
    const topic = "leaderless"
    const router = await startedRouter(configured(broker.url, topic))
    const queue = partitionQueue(topic, "g", 1, 0)
    // As good as none: its only member hears nothing.
    const member = (doing: "suspend" | "resume") =>
      broker.ctl("eval", `sys:${doing}(whereis('%2F_${queue}')).`)
    const keys = keyOfEach(router, topic, 2) as [string, string]
    // Enough to fill what the broker buffers for it: the connection stands still with it.
    const [first, second] = keys.map((key) => KeyFlow.start(router, topic, key, 100)) as [
      KeyFlow,
      KeyFlow,
    ]
    await first.more(100)
    await member("suspend")
    const said = () => JSON.stringify(router.readiness())
    await until(() => said().includes(`${queue}\\" has no leader`), {
      what: "readiness to name the queue",
      timeoutMs: 20_000,
    })
    const { publish } = { ...router.stats.reconnects }
    expect(publish).toBe(1)
    await second.more(5_000, 30_000)
    expect(said()).toContain(queue)
    expect(router.stats.reconnects.publish).toBe(publish)
    await member("resume")
    await first.more(200, 20_000)
    await until(() => said() === '{"ready":true}', { what: "no queue to be named" })
    await Promise.all([first.stop(), second.stop()])
    for (const [at, { accepted }] of [first, second].entries()) {
      const [group] = await router.describe(topic)
      const { messages = 0 } = group!.queues[at]!
      const oracle = new OrderOracle()
      for (const { body } of await take(broker.url, group!.queues[at]!.queue, messages)) {
        oracle.started("reader", at, { key: "", revision: Number(text(body)) })
      }
      const numbers = Array.from({ length: accepted }, (_, n) => ({ key: "", revision: n + 1 }))
      expect(oracle.verdict(numbers)).toMatchObject({ lost: 0, inverted: 0 })
    }
    await router.stop()
  }, 120_000)
})

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
