import type { Config } from "../config/config.ts"
import type { LoadedConfig } from "../config/load-config.ts"
import type { Log } from "../log.ts"
import type { Router } from "../router.ts"
import { within } from "../within.ts"
import { CommandFailed } from "./command-failed.ts"
import { withProgress } from "./with-progress.ts"

/**
 * Runs something with a router that publishes and reads no source, and stops it whatever happens.
 * @throws {CommandFailed} `broker_away` or `broker_blocked`, and why, when nothing can be published
 *   within `http.publishTimeoutMs`
 */
export async function withPublishingRouter<T>(
  { config, baseDir }: LoadedConfig,
  log: Log,
  use: (router: Router) => Promise<T>,
): Promise<T> {
  // Loaded here so that commands which publish nothing start without it.
  const { createRouter } = await import("../router.ts")
  const router = await createRouter(config, { log, baseDir, readSources: false })
  try {
    await withProgress("connecting to the broker", connected(router, config))
    return await use(router)
  } finally {
    await router.stop()
  }
}

/** A router waits for its broker as long as it takes; a command does not. */
function connected(router: Router, { http }: Config): Promise<void> {
  return within(http.publishTimeoutMs, router.start(), () => {
    const { code = "broker_away" } = router.unavailable() ?? {}
    const readiness = router.readiness()
    const why = readiness.ready ? "" : `: ${readiness.reasons.join("; ")}`
    const timeout = `http.publishTimeoutMs, ${http.publishTimeoutMs} ms`
    return new CommandFailed(code, `nothing could be published within ${timeout}${why}`)
  })
}
