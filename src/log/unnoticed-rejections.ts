import { bounds } from "../core/bounds.ts"
import type { Log } from "../log.ts"

const minuteMs = 60_000

/**
 * Logs rejections that nobody noticed, at most `unnoticedSaidMax` lines a minute: a connection that
 * breaks may leave hundreds behind at once. The first line of a later minute tells how many were not said.
 *
 * @param nowMs a clock that never goes back
 */
export function unnoticedRejections(log: Log, nowMs: () => number): (reason: unknown) => void {
  let sinceMs = Number.NEGATIVE_INFINITY
  let said = 0
  let unsaid = 0
  return (reason) => {
    if (nowMs() - sinceMs >= minuteMs) {
      sinceMs = nowMs()
      said = 0
    }
    if (said >= bounds.unnoticedSaidMax) {
      unsaid += 1
      return
    }
    said += 1
    const before = unsaid > 0 ? { unsaid } : {}
    unsaid = 0
    log.error({ err: reason, ...before }, "a promise was rejected and nobody noticed")
  }
}
