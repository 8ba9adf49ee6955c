import { expect, test } from "bun:test"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { Link } from "../../src/broker/link.ts"
import { Publisher } from "../../src/broker/publisher.ts"
import type { ParcelResult } from "../../src/core/parcel.ts"
import { groupStats } from "../../src/core/stats.ts"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { management } from "../support/management.ts"
import { setMessageBytesMax } from "../support/message-size-max.ts"
import { startPrivateBroker } from "../support/private-broker.ts"
import { take } from "../support/raw-client.ts"
import { quietLog } from "../support/test-router.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const backoff = { firstMs: 1, maxMs: 1 }
/** Over a foreign `user_id` ("x") the broker closes the channel. */
const offending = Uint8Array.of(0, 0x10, 1, 0x78)
const plain = Uint8Array.of(0, 0)

/** A publisher on a link, and all that becomes of it. */
async function published(
  queue: string,
  isDeclared: boolean,
  { url = vhost.url, confirmTimeoutMs = 30_000 } = {},
) {
  const endpoint = endpointOf({ url, heartbeatSeconds: 10, confirmTimeoutMs })
  const ends: string[] = []
  const publisher = new Publisher({
    stats: { oldestUnconfirmedSeconds: 0 },
    confirmTimeoutMs,
    troubled: () => {},
    channelClosed: (reason) => ends.push(reason),
    unanswered: () => {},
    redeclare: async () => {},
  })
  const lane = publisher.addLane({
    ...{ queue, mayRefuse: false, returnsMax: 1, backoff, random: () => 0, stats: groupStats() },
  })
  const link = new Link({
    ...{ endpoint, name: "test", log: quietLog, backoff },
    setUp: async (connection) => {
      const channel = await connection.plainChannel()
      if (isDeclared) await channel.queueDeclare(queue, { durable: true })
      await publisher.open(connection)
    },
    lost: (reason) => ends.push(reason),
    reconnected: () => {},
    tornDown: (reason) => publisher.lost(reason),
  })
  await link.start()
  const results: ParcelResult[] = []
  const offer = (properties: Uint8Array, body: Uint8Array, persistent = true) =>
    lane.offer({
      ...{ properties, persistent, body, orderKey: "k" },
      settled: (_, result) => results.push(result),
    })
  return { offer, results, ends, [Symbol.asyncDispose]: () => link.stop(5_000) }
}

test("a channel that the broker closes while a message is half written costs neither it nor the connection", async () => {
  const queue = unique("queue")
  await using publishing = await published(queue, true)
  const { offer, results, ends } = publishing
  offer(plain, new Uint8Array(1))
  await until(() => results.length === 1, { what: "the lane to be open" })
  offer(offending, new Uint8Array(1), false)
  for (let n = 0; n < 4; n++) offer(plain, new Uint8Array(15_000_000).fill(n))
  await until(() => results.length === 6, { what: "all to settle", timeoutMs: 60_000 })
  expect(results).toEqual(["confirmed", "lost", ...Array(4).fill("confirmed")])
  expect(ends).toHaveLength(1)
  const taken = await take(vhost.url, queue, 5)
  expect(taken.map(({ body }) => `${body.length} ${body.at(-1)}`)).toEqual([
    "1 0",
    ...[0, 1, 2, 3].map((n) => `15000000 ${n}`),
  ])
}, 90_000)

test("what comes back from a queue whose name is not ASCII is known to have come back", async () => {
  await using publishing = await published(unique("größe"), false)
  const { offer, results } = publishing
  offer(plain, new Uint8Array(1))
  await until(() => results.length === 1, { what: "it to settle" })
  expect(results).toEqual(["returned"])
})

/** More than the buffers on the way, which take a message of 16 MB nearly whole, whatever its pace. */
const slowBytes = 32_000_000

/** A broker that takes it: RabbitMQ 4 does not unless it is told to, which only one's own can be. */
async function slowBroker() {
  const overview = management<{ readonly rabbitmq_version: string }>("GET", "/api/overview")
  const major = Number.parseInt((await overview).rabbitmq_version, 10)
  const own = major < 4 ? undefined : await startPrivateBroker()
  if (own !== undefined) await setMessageBytesMax(own, slowBytes)
  return { url: own?.url ?? vhost.url, [Symbol.asyncDispose]: async () => await own?.stop() }
}

test("a message that takes longer than the confirm timeout to be sent is sent, on the first try", async () => {
  await using broker = await slowBroker()
  const url = new URL(broker.url)
  const proxy = await TcpProxy.listen(Number(url.port))
  url.port = String(proxy.port)
  {
    const slow = { url: url.href, confirmTimeoutMs: 4_000 }
    await using publishing = await published(unique("queue"), true, slow)
    const { offer, results, ends } = publishing
    offer(plain, new Uint8Array(1))
    await until(() => results.length === 1, { what: "the lane to be open" })
    proxy.weather.bytesPerSecond = 4_000_000
    offer(plain, new Uint8Array(slowBytes))
    const isOver = () => results.length === 2 || ends.length > 0
    await until(isOver, { what: "it to settle", timeoutMs: 30_000 })
    expect({ results, ends }).toEqual({ results: ["confirmed", "confirmed"], ends: [] })
  }
  await proxy.close()
}, 90_000)
