import { readFileSync } from "node:fs"
import type { AmqpConfig } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import { BrokerError } from "./broker-error.ts"

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

/** @throws {BrokerError} when a TLS file cannot be read */
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

function tlsOf(tls: NonNullable<AmqpConfig["tls"]>): NonNullable<Endpoint["tls"]> {
  const { caFile, certFile, keyFile, rejectUnauthorized } = tls
  return {
    ...(caFile === undefined ? {} : { ca: readPem(caFile) }),
    ...(certFile === undefined ? {} : { cert: readPem(certFile) }),
    ...(keyFile === undefined ? {} : { key: readPem(keyFile) }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    throw BrokerError.from(error, "cannot read a TLS file", "tls_file")
  }
}
