import { expect, test } from "bun:test"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { Link } from "../../src/broker/link.ts"
import { closingProxy } from "../support/closing-proxy.ts"
import { quietLog } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()

test("a link that is stopped tears down what it has set up, once", async () => {
  const told: string[] = []
  const link = new Link({
    endpoint: endpointOf({ url: vhost.url, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
    name: "test",
    log: quietLog,
    backoff: { firstMs: 1, maxMs: 1 },
    setUp: async () => {
      told.push("set up")
    },
    lost: () => {},
    reconnected: () => told.push("reconnected"),
    tornDown: (reason) => told.push(`torn down: ${reason}`),
  })
  await link.start()
  await link.stop(5_000)
  await until(() => told.length === 2, { what: () => `the end of it, it says ${told}` })
  await link.stop(5_000)
  expect(told).toEqual(["set up", "torn down: stopped"])
  expect(link.connection).toBeUndefined()
})

test("a link whose connection the broker closes as soon as it is open opens another", async () => {
  await using proxy = await closingProxy(vhost.url)
  const url = new URL(vhost.url)
  url.port = String(proxy.port)
  const link = new Link({
    endpoint: endpointOf({ url: url.href, heartbeatSeconds: 10, confirmTimeoutMs: 30_000 }),
    name: "test",
    log: quietLog,
    backoff: { firstMs: 1, maxMs: 1 },
    // Like that of the sources: what fails is tried again for as long as the connection is not lost.
    setUp: async () => {},
    lost: () => {},
    reconnected: () => {},
    tornDown: () => {},
  })
  await link.start()
  await until(() => proxy.connections === 2, { what: "another connection" })
  await until(() => link.connection?.closed === false, { what: "it to be up" })
  await link.stop(5_000)
})
