import type { Setting } from "../config/environment.ts"

/** The options that every command takes, as commander gives them. */
export interface GlobalOptions {
  readonly output: "text" | "json"
  readonly config?: string
  readonly logLevel?: string
  readonly amqpUrl?: string
  readonly httpPort?: string
}

/** What the command line sets in the configuration; the schema checks it with everything else. */
export function flagSettings(options: GlobalOptions): Setting[] {
  const { logLevel, amqpUrl, httpPort } = options
  const settings: Setting[] = []
  if (amqpUrl !== undefined)
    settings.push({ path: "amqp.url", value: amqpUrl, source: "--amqp-url" })
  if (httpPort !== undefined) {
    const value = /^\d+$/.test(httpPort) ? Number(httpPort) : httpPort
    settings.push({ path: "http.port", value, source: "--http-port" })
  }
  if (logLevel !== undefined) {
    settings.push({ path: "log.level", value: logLevel, source: "--log-level" })
  }
  return settings
}
