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

/** Ends TLS before the broker, and asks for a certificate. */
async function tlsProxy(folder: string) {
  const broker = new URL(vhost.url)
  const sockets: TLSSocket[] = []
  const file = (name: string) => readFileSync(join(folder, name), "utf8")
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
    certified: () => sockets.filter((socket) => socket.authorized).length,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test.skipIf(!canCertify)(
  "messages go over TLS, to a broker that is trusted and trusts",
  async () => {
    using folder = temporaryFolder()
    makeCertificate(folder.path)
    await using proxy = await tlsProxy(folder.path)
    const at = (name: string) => join(folder.path, name)
    const tls = { caFile: at("cert.pem"), certFile: at("cert.pem"), keyFile: at("key.pem") }
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
    using folder = temporaryFolder()
    makeCertificate(folder.path)
    await using proxy = await tlsProxy(folder.path)
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
