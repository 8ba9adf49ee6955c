import type { Admission } from "../core/admission.ts"
import type { GroupCoordinators } from "../group-coordinators.ts"
import type { GroupWatchdog } from "../group-watchdog.ts"
import type { Log } from "../log.ts"
import type { Router } from "../router.ts"
import type { Metrics } from "./metrics.ts"

/** All that the HTTP interface works with. */
export interface HttpDeps {
  readonly router: Router
  readonly log: Log
  readonly admission: Admission
  readonly metrics: Metrics
  readonly groups: GroupCoordinators
  readonly watchdog: Pick<GroupWatchdog, "idle">
  /** Aborted once a graceful stop has begun: what is not wholly here by then is refused. */
  readonly stopping: AbortSignal
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  readonly newId: () => string
  readonly bodyReadTimeoutMs: number
  /** The connection of a request counts as idle from now only. */
  readonly keepConnection: (request: Request) => void
}
