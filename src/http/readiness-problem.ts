import type { HttpDeps } from "./deps.ts"
import { type Problem, problem } from "./problem.ts"

/** Why nothing can be taken in at the moment, or `undefined` when it can. */
export function readinessProblem({
  router,
  stopping,
}: Pick<HttpDeps, "router" | "stopping">): Problem | undefined {
  if (stopping.aborted) {
    const reason = "PartyMQ is shutting down"
    return problem("shutting_down", reason, { reasons: [reason] })
  }
  const readiness = router.readiness()
  if (readiness.ready) return undefined
  const { reasons } = readiness
  return problem("not_ready", reasons.join("; "), { reasons })
}
