import type { HttpDeps } from "./deps.ts"
import { type Problem, problem } from "./problem.ts"

/** Whether the process takes nothing more because it ends. */
export function stoppingProblem({ stopping }: Pick<HttpDeps, "stopping">): Problem | undefined {
  if (!stopping.aborted) return undefined
  const reason = "PartyMQ is shutting down"
  return problem("shutting_down", reason, { reasons: [reason] })
}

/** Why messages cannot come in or go out at the moment, or `undefined` when they can. */
export function readinessProblem(deps: Pick<HttpDeps, "router" | "stopping">): Problem | undefined {
  const { router } = deps
  const stopping = stoppingProblem(deps)
  if (stopping !== undefined) return stopping
  const readiness = router.readiness()
  if (readiness.ready) return undefined
  const { reasons } = readiness
  return problem("not_ready", reasons.join("; "), { reasons })
}
