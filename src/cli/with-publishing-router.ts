import { accessRefusedCode, BrokerError } from "../broker/broker-error.ts"
import { Connection } from "../broker/connection.ts"
import { endpointOf } from "../broker/endpoint.ts"
import type { Config } from "../config/config.ts"
import type { LoadedConfig } from "../config/load-config.ts"
import type { Log } from "../log.ts"
import type { Router } from "../router.ts"
import { within } from "../within.ts"
import { CommandFailed } from "./command-failed.ts"
import { withProgress } from "./with-progress.ts"

const closeTimeoutMs = 5_000

/**
 * Runs something with a router that publishes and reads no source, and stops it whatever happens.
 * @throws {BrokerError} `access_refused` when the broker does not know its user
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
    const starting = Promise.all([connected(router, config), refuseStranger(config)])
    await withProgress("connecting to the broker", starting)
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

/** A router tries again for ever, for a password may be put right; who types one wants to know at once. */
async function refuseStranger({ amqp }: Config): Promise<void> {
  try {
    const connection = await Connection.open(endpointOf(amqp), "partymq command")
    await connection.shut(closeTimeoutMs)
  } catch (error) {
    if (error instanceof BrokerError && error.code === accessRefusedCode) throw error
  }
}
