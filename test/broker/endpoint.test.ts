import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"
import { canCertify, makeCertificate } from "../support/certificate.ts"

const files = { "empty.pem": "\n", "none.pem": "not a certificate" }

describe("the files of TLS", () => {
  const wrong = [
    [{ caFile: "missing.pem" }, "amqp.tls.caFile", "cannot be read"],
    [{ caFile: "empty.pem" }, "amqp.tls.caFile", "is empty"],
    [{ caFile: "none.pem" }, "amqp.tls.caFile", "in PEM"],
    [{ certFile: "none.pem" }, "amqp.tls.certFile", "in PEM"],
    [{ keyFile: "none.pem" }, "amqp.tls.keyFile", "in PEM"],
  ] as const
  for (const [tls, field, fact] of wrong) {
    test(`${JSON.stringify(tls)} is refused by the name of its field`, () => {
      using folder = temporaryFolder(files)
      const refused = expect(() => endpointOf(amqp(folder.path, tls)))
      refused.toThrow(expect.objectContaining({ code: "tls_file" }))
      refused.toThrow(field)
      refused.toThrow(fact)
    })
  }

  test.skipIf(!canCertify)("are read, and refused when the key is another's", () => {
    using folder = temporaryFolder()
    makeCertificate(folder.path)
    const text = (name: string) => readFileSync(join(folder.path, name), "utf8")
    const [cert, key] = [text("cert.pem"), text("key.pem")]
    const pair = { caFile: "cert.pem", certFile: "cert.pem", keyFile: "key.pem" }
    expect(endpointOf(amqp(folder.path, pair)).tls).toEqual({ ca: cert, cert, key })
    expect(endpointOf(amqp(folder.path, { caFile: "cert.pem" })).tls).toEqual({ ca: cert })
    const refused = expect(() => endpointOf(amqp(folder.path, { ...pair, keyFile: "other.pem" })))
    refused.toThrow("do not belong together")
  })
})

function amqp(folder: string, tls: { readonly [field: string]: string }) {
  const named = Object.entries(tls).map(([field, file]) => [field, join(folder, file)])
  const url = "amqps://u:p@h"
  return { url, heartbeatSeconds: 10, confirmTimeoutMs: 1_000, tls: Object.fromEntries(named) }
}
