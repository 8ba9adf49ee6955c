import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { connect as connectTcp } from "node:net"
import { join } from "node:path"
import { createServer, type TLSSocket } from "node:tls"
import { encodeProperties } from "../../src/wire/properties.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { canCertify, makeCertificate } from "../support/certificate.ts"
import { newRouter, startedRouter } from "../support/test-router.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"

const vhost = withVhost()
const topics = {
  orders: { source: { queue: "in" }, groups: { g: { partitions: 2 } }, onMissingKey: "spread" },
} as const
const message = { properties: encodeProperties({ deliveryMode: 2 }), body: new Uint8Array(300_000) }

/** Ends TLS before the broker with a certificate of its own, and asks clients for one. */
async function tlsProxy() {
  const broker = new URL(vhost.url)
  const sockets: TLSSocket[] = []
  const folder = temporaryFolder()
  makeCertificate(folder.path)
  const path = (name: string) => join(folder.path, name)
  const file = (name: string) => readFileSync(path(name), "utf8")
  const certificate = { cert: file("cert.pem"), key: file("key.pem"), ca: file("cert.pem") }
  const settings = { ...certificate, requestCert: true, rejectUnauthorized: false }
  const server = createServer(settings, (socket) => {
    sockets.push(socket)
    const onward = connectTcp(Number(broker.port), broker.hostname)
    socket.pipe(onward).pipe(socket)
    for (const [one, other] of [[socket, onward] as const, [onward, socket] as const]) {
      one.on("error", () => other.destroy())
      one.on("close", () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  const url = (host: string) =>
    `amqps://${broker.username}:${broker.password}@${host}:${port}${broker.pathname}`
  return {
    url,
    path,
    certified: () => sockets.filter((socket) => socket.authorized).length,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      folder[Symbol.dispose]()
    },
  }
}

test.skipIf(!canCertify)(
  "messages go over TLS, to a broker that is trusted and trusts",
  async () => {
    await using proxy = await tlsProxy()
    const [cert, key] = [proxy.path("cert.pem"), proxy.path("key.pem")]
    const tls = { caFile: cert, certFile: cert, keyFile: key }
    const router = await startedRouter({ amqp: { url: proxy.url("localhost"), tls }, topics })
    expect((await router.publish("orders", message)).kind).toBe("accepted")
    expect(router.readiness()).toEqual({ ready: true })
    expect(proxy.certified()).toBe(2)
    await router.stop()
  },
)

test.skipIf(!canCertify)(
  "a broker that is not trusted is not talked to, and readiness says why",
  async () => {
    await using proxy = await tlsProxy()
    const router = await newRouter({ amqp: { url: proxy.url("localhost") }, topics })
    const started = router.start().catch(() => {})
    const reasons = () => {
      const readiness = router.readiness()
      return readiness.ready ? "" : readiness.reasons.join()
    }
    await until(() => /self.signed certificate/.test(reasons()), { what: "it to be refused" })
    await router.stop()
    await started
  },
)
