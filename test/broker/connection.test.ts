import { expect, test } from "bun:test"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { closingProxy } from "../support/closing-proxy.ts"
import { connect } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { dropVhost, makeVhost, withVhost } from "../support/vhost.ts"

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
