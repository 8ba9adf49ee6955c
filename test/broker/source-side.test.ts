import { expect, test } from "bun:test"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { SourceSide } from "../../src/broker/source-side.ts"
import { routerStats } from "../../src/core/stats.ts"
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
function added(side: SourceSide) {
  const queue = unique("source")
  const { dispatch, deadLetters, outbox, stats, sent } = heldWayOut(queue)
  const config = { queue, bind: [], topology: "declare", type: "classic", prefetch: 100 } as const
  side.add({ topic: queue, dispatch, deadLetters, backoff, config, log: quietLog })
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
