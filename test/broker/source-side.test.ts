import { expect, spyOn, test } from "bun:test"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { SourceSide } from "../../src/broker/source-side.ts"
import type { SourceConfig } from "../../src/config/config.ts"
import { bounds } from "../../src/core/bounds.ts"
import { routerStats } from "../../src/core/stats.ts"
import { readPace } from "../../src/read-pace.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { quietLog } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { backoff, heldWayOut } from "./held-way-out.ts"

const vhost = withVhost()
const properties = encodeProperties({ deliveryMode: 2 })
const pausedMsMax = 5_000

/** A source of a side, with a way out of its own. */
function added(side: SourceSide, settings: Pick<SourceConfig, "exchange" | "bind"> = { bind: [] }) {
  const queue = unique("source")
  const { dispatch, deadLetters, outbox, stats, sent } = heldWayOut(queue)
  const config = { queue, topology: "declare", type: "classic", prefetch: 100 } as const
  const all = { ...config, ...settings }
  side.add({ topic: queue, dispatch, deadLetters, backoff, config: all, log: quietLog })
  const confirmOne = async () => {
    await until(() => sent() === 1, { what: "the first to be sent" })
    outbox.confirmed(1, false)
  }
  return { queue, stats, confirmOne }
}

test("a source that was full when the connection was lost does not hold up the others on the next", async () => {
  const proxy = await TcpProxy.listen(Number(new URL(vhost.url).port))
  const url = new URL(vhost.url)
  url.port = String(proxy.port)
  const stats = routerStats({})
  const side = new SourceSide({
    endpoint: endpointOf({ url: url.href, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
    ...{ log: quietLog, backoff, stats, count: 2, hasWayOut: () => true },
  })
  const [full, other] = [added(side), added(side)]
  await side.start()
  const producer = await connect(vhost.url)
  const toFull = await RawPublisher.open(producer, full.queue)
  const toOther = await RawPublisher.open(producer, other.queue)
  toFull.publish(properties, new Uint8Array(1))
  await full.confirmOne()
  for (let n = 0; n < 10; n++) toFull.publish(properties, new Uint8Array(1024 * 1024))
  await until(() => side.isPaused, { what: "the source to be full" })
  proxy.resetAll()
  await until(() => stats.reconnects.consume === 1, { what: "another connection" })
  toOther.publish(properties, new Uint8Array(1))
  await until(() => other.stats.consumed > 0, {
    what: "the other source to be read",
    timeoutMs: pausedMsMax,
  })
  expect(side.isPaused).toBe(true)
  await side.stop(1_000)
  await producer.shut(1_000)
  await proxy.close()
})

test("a side that is full hears the broker's answers while it stops", async () => {
  const side = new SourceSide({
    endpoint: endpointOf({ url: vhost.url, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
    ...{ log: quietLog, backoff, stats: routerStats({}), count: 1, hasWayOut: () => true },
  })
  const full = added(side)
  await side.start()
  const producer = await connect(vhost.url)
  const toFull = await RawPublisher.open(producer, full.queue)
  toFull.publish(properties, new Uint8Array(1))
  await full.confirmOne()
  for (let n = 0; n < 20; n++) toFull.publish(properties, new Uint8Array(1024 * 1024))
  await until(() => side.isPaused, { what: "the source to be full" })
  side.stopTaking()
  expect(side.isPaused).toBe(false)
  await side.stop(1_000)
  await producer.shut(1_000)
})

test("sources are given up without a way out, too, while one of them is still being set up", async () => {
  const proxy = await TcpProxy.listen(Number(new URL(vhost.url).port))
  const url = new URL(vhost.url)
  url.port = String(proxy.port)
  let hasWayOut = true
  const side = new SourceSide({
    endpoint: endpointOf({ url: url.href, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
    ...{ log: quietLog, backoff, stats: routerStats({}), count: 2, keptMs: 100 },
    hasWayOut: () => hasWayOut,
  })
  const read = added(side)
  const bind = Array.from({ length: 500 }, (_, n) => `key.${n}`)
  added(side, { exchange: unique("exchange"), bind })
  const producer = await connect(vhost.url)
  const channel = await producer.plainChannel()
  await channel.queueDeclare(read.queue, { durable: true })
  const publisher = await RawPublisher.open(producer, read.queue)
  publisher.publish(properties, new Uint8Array(1))
  await publisher.unconfirmedAtMost(0)
  // So each binding takes its time.
  proxy.weather.delayMs = 20
  let isUp = false
  const starting = side.start().then(
    () => {
      isUp = true
    },
    () => {},
  )
  await until(() => read.stats.consumed === 1, { what: "a source to be read" })
  hasWayOut = false
  side.wayOutLost()
  const isBack = async () =>
    (await channel.queueDeclare(read.queue, { passive: true })).messageCount === 1
  await until(isBack, { what: "its message to be there for other routers" })
  expect(isUp).toBe(false)
  await side.stop(1_000)
  await starting
  await producer.shut(1_000)
  await proxy.close()
})

test("a side that lost its way out while it was being stopped does not keep the process", async () => {
  const script = `
    import { endpointOf } from "./src/broker/endpoint.ts"
    import { SourceSide } from "./src/broker/source-side.ts"
    import { routerStats } from "./src/core/stats.ts"
    import { quietLog } from "./test/support/test-router.ts"
    const url = ${JSON.stringify(vhost.url)}
    const side = new SourceSide({
      endpoint: endpointOf({ url, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
      ...{ log: quietLog, backoff: { firstMs: 1, maxMs: 1 }, stats: routerStats({}), count: 0 },
      ...{ hasWayOut: () => false, keptMs: 60_000 },
    })
    await side.start()
    side.stopTaking()
    side.wayOutLost()
    await side.stop(1_000)
  `
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "ignore", stderr: "inherit" })
  await until(() => child.exitCode !== null, { what: "the process to end" }).catch((error) => {
    child.kill()
    throw error
  })
  expect(child.exitCode).toBe(0)
})

test("reads may be kept apart while many deliveries are on their way, and only then", async () => {
  let areMany = false
  const asked = spyOn(readPace, "hasRead").mockImplementation((ask) => {
    areMany ||= ask()
  })
  const stats = routerStats({})
  const side = new SourceSide({
    endpoint: endpointOf({ url: vhost.url, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
    ...{ log: quietLog, backoff, stats, count: 1, hasWayOut: () => true },
  })
  const source = added(side)
  const producer = await connect(vhost.url)
  try {
    await side.start()
    const publisher = await RawPublisher.open(producer, source.queue)
    for (let n = 0; n < bounds.readRestInFlightMin - 1; n++) {
      publisher.publish(properties, new Uint8Array(1))
    }
    const few = bounds.readRestInFlightMin - 1
    await until(() => source.stats.consumed === few, { what: "a few to be on their way" })
    expect(asked).toHaveBeenCalled()
    expect(areMany).toBeFalse()
    publisher.publish(properties, new Uint8Array(1))
    await until(() => areMany, { what: "many to be on their way" })
  } finally {
    asked.mockRestore()
    await side.stop(1_000)
    await producer.shut(1_000)
  }
})
