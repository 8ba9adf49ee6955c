import type { Config } from "../config/config.ts"
import type { LoadedConfig } from "../config/load-config.ts"
import { bounds } from "../core/bounds.ts"
import { type HttpServer, serveHttp } from "../http/serve-http.ts"
import { configSecrets } from "../log/config-secrets.ts"
import { createLog, type Log } from "../log.ts"
import { passingBytes } from "../passing-bytes.ts"
import { readPace } from "../read-pace.ts"
import { createRouter, type Router } from "../router.ts"
import { within } from "../within.ts"
import { CommandFailed } from "./command-failed.ts"
import { installSafetyNet } from "./safety-net.ts"
import { withProgress } from "./with-progress.ts"

export interface RunRouterOptions {
  readonly loaded: LoadedConfig
  /** Settles when the process is asked to end. */
  readonly stopped: Promise<string>
  /** Called once HTTP is answered, with 503 as long as the broker is away. */
  readonly onListening?: (server: HttpServer) => void
  /** Called once messages go through. */
  readonly onReady?: (server: HttpServer) => void
}

/**
 * Starts router and HTTP door and keeps them up until asked to end; then accepts nothing new, settles
 * what is in flight and closes.
 * @throws {CommandFailed} `port_unavailable`, or `shutdown_timeout` when settling took longer than
 *   `shutdownTimeoutMs`
 * @throws {StartRefused} when the configuration contradicts what the broker has
 */
export async function runRouter(options: RunRouterOptions): Promise<void> {
  const { loaded, stopped, onListening, onReady } = options
  const { config, baseDir } = loaded
  const log = createLog({ level: config.log.level, secrets: configSecrets(config) })
  for (const { message, ...fields } of loaded.warnings) log.warn(fields, message)
  installSafetyNet(log)
  passingBytes.collectEvery(bounds.passingBytesMax)
  readPace.keep(bounds.readIntervalMs)
  const router = await createRouter(config, { log, baseDir })
  const server = openDoor(router, log)
  const close = () => within(config.shutdownTimeoutMs, stop({ router, server }), () => late(config))
  try {
    onListening?.(server)
    const starting = withProgress("waiting for the broker and its queues", router.start())
    const isReady = await Promise.race([starting.then(() => true), stopped.then(() => false)])
    if (isReady) onReady?.(server)
  } catch (error) {
    // Why it could not start says more than that it could not stop either.
    await close().catch(() => {})
    throw error
  }
  const signal = await stopped
  log.info({ signal }, "shutting down")
  await close()
  log.info("shut down")
}

interface Running {
  readonly router: Router
  readonly server: HttpServer
}

function openDoor(router: Router, log: Log): HttpServer {
  try {
    return serveHttp(router, log)
  } catch (error) {
    throw openFailure(error, router.config.http)
  }
}

/** Both at once, within one time: what HTTP has taken in is settled, sources are left alone. */
async function stop({ router, server }: Running): Promise<void> {
  await Promise.all([server.stop(), router.stop()])
}

function late({ shutdownTimeoutMs }: Config): CommandFailed {
  const fact = `not everything in flight was settled within shutdownTimeoutMs, ${shutdownTimeoutMs} ms`
  return new CommandFailed("shutdown_timeout", fact)
}

function openFailure(error: unknown, http: { host: string; port: number }): unknown {
  const code = (error as { code?: unknown }).code
  if (code !== "EADDRINUSE" && code !== "EACCES") return error
  const fact = code === "EACCES" ? "is not allowed to this user" : "is taken by another process"
  return new CommandFailed(
    "port_unavailable",
    `http.port ${http.port} on ${http.host} ${fact}; choose another with --http-port or PARTYMQ_HTTP_PORT`,
  )
}
