import { expect, test } from "bun:test"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { closingProxy } from "../support/closing-proxy.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { dropVhost, makeVhost, withVhost } from "../support/vhost.ts"
import { long, rawList } from "../wire/property-list.ts"

const shared = withVhost()

test("closing ends with the connection when the broker closes it at the same time", async () => {
  const vhost = await makeVhost()
  const url = new URL(vhost.url)
  const proxy = await TcpProxy.listen(Number(url.port))
  url.port = String(proxy.port)
  const connection = await connect(url.href)
  // Each side has said that it closes before it hears the other say so.
  proxy.weather.hold("down")
  await dropVhost(vhost)
  let isClosed = false
  const closing = connection.shut(60_000).then(() => {
    isClosed = true
  })
  proxy.weather.clear()
  await until(() => isClosed, { what: "the connection to be closed" })
  await closing
  await proxy.close()
}, 30_000)

test("one that the broker closes as soon as it is open tells its owner so", async () => {
  await using proxy = await closingProxy(shared.url)
  const url = new URL(shared.url)
  url.port = String(proxy.port)
  const connection = await connect(url.href)
  const reasons: string[] = []
  connection.onLost = (reason) => reasons.push(reason)
  await until(() => reasons.length > 0, { what: "the end of it" })
  expect(connection.closed).toBe(true)
})

test("what the client reads of a message stays as it came, whatever is read after it", async () => {
  const connection = await connect(shared.url)
  const channel = await connection.plainChannel()
  const queue = unique("bytes")
  await channel.queueDeclare(queue, { durable: true })
  const publisher = await RawPublisher.open(connection, queue)
  const fills = [1, 2, 3]
  for (const fill of fills) {
    const header = { name: "bytes", type: "x", value: long(new Uint8Array(200).fill(fill)) }
    publisher.publish(rawList({ headers: [header] }), new Uint8Array(3))
  }
  await publisher.unconfirmedAtMost(0)
  const messages = []
  for (const _ of fills) messages.push((await channel.basicGet(queue, { noAck: true }))!)
  const read = messages.map(({ properties }) => properties.headers?.bytes as unknown as Uint8Array)
  expect(read.map((bytes) => [...new Set(bytes)])).toEqual(fills.map((fill) => [fill]))
  await connection.shut(1_000)
})
