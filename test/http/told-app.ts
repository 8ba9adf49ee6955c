import type { Hono } from "hono"
import type { Config } from "../../src/config/config.ts"
import { type Admission, createAdmission } from "../../src/core/admission.ts"
import { groupCoordinators } from "../../src/group-coordinators.ts"
import { GroupWatchdog } from "../../src/group-watchdog.ts"
import { createApp } from "../../src/http/app.ts"
import { createMetrics } from "../../src/http/metrics.ts"
import { createToldRouter, type ToldRouter } from "./told-router.ts"

export interface ToldApp {
  readonly app: Hono
  readonly router: ToldRouter
  readonly admission: Admission
  /** What was logged as an error, as JSON. */
  readonly errors: string[]
  readonly clock: { nowMs: number }
  /** Begins a graceful stop. */
  readonly stop: () => void
}

/** The app on a router that does as it is told. */
export function createToldApp(
  http: Partial<Config["http"]> = {},
  { bodyReadTimeoutMs = 5_000, sessionTimeoutMs = 10_000 } = {},
): ToldApp {
  const router = createToldRouter(http, { sessionTimeoutMs })
  const { inFlightMessagesMax, inFlightBytesMax } = router.config.http
  const errors: string[] = []
  const clock = { nowMs: 0 }
  const admission = createAdmission(inFlightMessagesMax, inFlightBytesMax, () => clock.nowMs)
  const stopping = new AbortController()
  const error = (...line: unknown[]) => void errors.push(JSON.stringify(line))
  const nothing = () => {}
  const log = { debug: nothing, info: nothing, warn: nothing, fatal: nothing, error }
  const groups = groupCoordinators(router, log)
  const watchdog = new GroupWatchdog(router, groups, log)
  const app = createApp({
    router,
    admission,
    metrics: createMetrics(router, admission, groups, watchdog),
    log,
    groups,
    watchdog,
    stopping: stopping.signal,
    now: () => clock.nowMs,
    newId: () => "made-up",
    bodyReadTimeoutMs,
    keepConnection: nothing,
  })
  return { app, router, admission, errors, clock, stop: () => stopping.abort() }
}
