import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { endpointOf } from "../../src/broker/endpoint.ts"
import { temporaryFolder } from "../config/temporary-folder.ts"

const hasOpenssl = Bun.which("openssl") !== null
if (!hasOpenssl) console.warn("skipped: certificates need openssl on this machine")
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

  test.skipIf(!hasOpenssl)("are read, and refused when the key is another's", () => {
    using folder = temporaryFolder()
    const [cert, key, other] = generated(folder.path)
    const pair = { caFile: "cert.pem", certFile: "cert.pem", keyFile: "key.pem" }
    expect(endpointOf(amqp(folder.path, pair)).tls).toEqual({ ca: cert!, cert: cert!, key: key! })
    expect(endpointOf(amqp(folder.path, { caFile: "cert.pem" })).tls).toEqual({ ca: cert! })
    const refused = expect(() => endpointOf(amqp(folder.path, { ...pair, keyFile: "other.pem" })))
    refused.toThrow("do not belong together")
    expect(other).not.toBe(key)
  })
})

function amqp(folder: string, tls: { readonly [field: string]: string }) {
  const named = Object.entries(tls).map(([field, file]) => [field, join(folder, file)])
  const url = "amqps://u:p@h"
  return { url, heartbeatSeconds: 10, confirmTimeoutMs: 1_000, tls: Object.fromEntries(named) }
}

/** A certificate with its key, and another key. */
function generated(folder: string) {
  const at = (name: string) => join(folder, name)
  const self = ["-x509", "-nodes", "-subj", "/CN=test", "-out", at("cert.pem")]
  for (const key of ["other.pem", "key.pem"]) {
    const run = Bun.spawnSync([
      "openssl",
      "req",
      "-newkey",
      "rsa:2048",
      "-keyout",
      at(key),
      ...self,
    ])
    if (run.exitCode !== 0) throw new Error(run.stderr.toString())
  }
  return ["cert.pem", "key.pem", "other.pem"].map((name) => readFileSync(at(name), "utf8"))
}
