import { createAdmission } from "../core/admission.ts"
import { bounds } from "../core/bounds.ts"
import { groupCoordinators } from "../group-coordinators.ts"
import { GroupWatchdog } from "../group-watchdog.ts"
import type { Log } from "../log.ts"
import type { Router } from "../router.ts"
import { createApp } from "./app.ts"
import { createMetrics } from "./metrics.ts"
import { registerProcessMetrics } from "./process-metrics.ts"

/** The HTTP door of one process, open. */
export interface HttpServer {
  /** `http://host:port`, with the port really taken. */
  readonly url: string
  readonly port: number
  /**
   * Accepts nothing new, refuses bodies that are not complete, so that no slow client delays it,
   * lets what is being published be answered, and closes; what is not answered after
   * `shutdownTimeoutMs` is cut off. Idempotent. To be called before `Router.stop`, so that what is
   * under way can still be confirmed.
   */
  stop(): Promise<void>
}

export interface ServeOptions {
  readonly bodyReadTimeoutMs?: number
  /** For which nothing is sent or received. @default longer than any answer takes */
  readonly idleTimeoutSeconds?: number
}

/**
 * Opens the HTTP door where `router.config.http` says.
 * @throws {Error} with the system's code (`EADDRINUSE`, `EACCES`) when the port cannot be had
 */
export function serveHttp(router: Router, log: Log, options: ServeOptions = {}): HttpServer {
  const { http, shutdownTimeoutMs } = router.config
  const { bodyReadTimeoutMs = bounds.httpBodyReadTimeoutMs } = options
  const { idleTimeoutSeconds = idleSeconds(http.publishTimeoutMs) } = options
  const admission = createAdmission(http.inFlightMessagesMax, http.inFlightBytesMax, () =>
    performance.now(),
  )
  const groups = groupCoordinators(router, log)
  const watchdog = new GroupWatchdog(router, groups, log)
  watchdog.start()
  const metrics = createMetrics(router, admission, groups, watchdog)
  const stopping = new AbortController()
  let stopped: Promise<void> | undefined
  const app = createApp({
    router,
    log,
    admission,
    metrics,
    groups,
    watchdog,
    stopping: stopping.signal,
    now: () => performance.now(),
    newId: () => Bun.randomUUIDv7(),
    bodyReadTimeoutMs,
    keepConnection: (request) => server.timeout(request, idleTimeoutSeconds),
  })
  const server = Bun.serve({
    hostname: http.host,
    port: http.port,
    // The limit is held while reading, with an answer that says so; the server's own says nothing.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: idleTimeoutSeconds,
    development: false,
    // Outside development Bun shares a port that is taken (contrary to its documentation), so that
    // two routers started by mistake would each get some of the requests, and neither would know.
    reusePort: false,
    fetch: (request) => app.fetch(request),
  })
  const stopMeasuring = registerProcessMetrics(metrics.registry)

  async function stopOnce(): Promise<void> {
    stopping.abort()
    const timer = setTimeout(() => void server.stop(true), shutdownTimeoutMs)
    await server.stop()
    clearTimeout(timer)
    stopMeasuring()
    groups.stop()
    watchdog.stop()
  }

  return {
    url: server.url.href.replace(/\/$/, ""),
    port: server.port!,
    stop: () => (stopped ??= stopOnce()),
  }
}

/** Longest idle time that Bun can be told, in seconds; 0 is none. */
const idleTimeoutMaxSeconds = 255

/**
 * A connection that waits for a confirm is idle too, and must outlive the answer's own timeout. That of
 * a batch may wait as long for the broker, then for a place, then for the confirm.
 */
function idleSeconds(publishTimeoutMs: number): number {
  const neededMs = Math.max(3 * publishTimeoutMs, bounds.httpBodyReadTimeoutMs)
  const neededSeconds = Math.ceil(neededMs / 1000) + 5
  return neededSeconds > idleTimeoutMaxSeconds ? 0 : neededSeconds
}
