import { test } from "bun:test"
import { TcpProxy } from "../chaos/tcp-proxy.ts"
import { connect } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { dropVhost, makeVhost } from "../support/vhost.ts"

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
