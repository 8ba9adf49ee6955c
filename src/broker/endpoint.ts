import { readFileSync } from "node:fs"
import { createSecureContext } from "node:tls"
import type { AmqpConfig } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import { BrokerError } from "./broker-error.ts"

/** Only a change of the configuration, or of the file, helps. */
export const tlsFileCode = "tls_file"

/** Where the broker is, ready for the client. */
export interface Endpoint {
  /** The address without user and password, for people. */
  readonly shown: string
  readonly connectTimeoutMs: number
  readonly confirmTimeoutMs: number
  readonly tls:
    | { ca?: string; cert?: string; key?: string; rejectUnauthorized?: boolean }
    | undefined
  /** The address with everything the client reads from it. `name` shows in the broker's management. */
  clientUrl(name: string): string
}

/** @throws {BrokerError} `tls_file` when a TLS file cannot be read, or is none */
export function endpointOf(config: AmqpConfig): Endpoint {
  const url = new URL(config.url)
  const parameters = {
    heartbeat: String(config.heartbeatSeconds),
    frameMax: String(bounds.frameBytesMax),
  }
  return {
    shown: `${url.protocol}//${url.host}${url.pathname}`,
    connectTimeoutMs: bounds.connectTimeoutMs,
    confirmTimeoutMs: config.confirmTimeoutMs,
    tls: config.tls === undefined ? undefined : tlsOf(config.tls),
    clientUrl(name) {
      const full = new URL(url)
      const given = Object.fromEntries(url.searchParams)
      full.search = new URLSearchParams({ ...given, ...parameters, name }).toString()
      return full.toString()
    },
  }
}

/** Fields of the client's TLS options by field of the configuration. */
const pemFields = { caFile: "ca", certFile: "cert", keyFile: "key" } as const

function tlsOf(tls: NonNullable<AmqpConfig["tls"]>): NonNullable<Endpoint["tls"]> {
  const { rejectUnauthorized } = tls
  const pems: { ca?: string; cert?: string; key?: string } = {}
  for (const [field, option] of Object.entries(pemFields)) {
    const file = tls[field as keyof typeof pemFields]
    if (file !== undefined) pems[option] = readPem(file, option, `amqp.tls.${field}`)
  }
  refuseUnfit(pems, "amqp.tls.certFile and amqp.tls.keyFile do not belong together")
  return { ...pems, ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }) }
}

function readPem(file: string, option: "ca" | "cert" | "key", field: string): string {
  const subject = `${field} ${JSON.stringify(file)}`
  let pem: string
  try {
    pem = readFileSync(file, "utf8")
  } catch (error) {
    throw BrokerError.from(error, `${subject} cannot be read`, tlsFileCode)
  }
  // An empty one would count as none, and any authority that the system knows be trusted.
  if (pem.trim() === "") throw new BrokerError(`${subject} is empty`, tlsFileCode)
  refuseUnfit({ [option]: pem }, `${subject} is not what it should be, in PEM`)
  return pem
}

/** Here, once: a connection would be tried again and again, and say only what OpenSSL does. */
function refuseUnfit(pems: { ca?: string; cert?: string; key?: string }, fact: string): void {
  try {
    createSecureContext(pems)
  } catch (error) {
    throw BrokerError.from(error, fact, tlsFileCode)
  }
}
