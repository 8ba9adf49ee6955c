import type { HttpDeps } from "./deps.ts"
import { jsonResponse } from "./json-response.ts"
import { problemResponse } from "./problem.ts"
import { readinessProblem } from "./readiness-problem.ts"
import type { Route } from "./route.ts"
import { aliveSchema, readySchema } from "./schemas.ts"

/** `GET /healthz`: the process lives. Not asked of the broker: no restart brings it back. */
export function aliveRoute(): Route {
  return {
    method: "GET",
    path: "/healthz",
    operation: {
      id: "alive",
      summary: "Whether the process is alive",
      successes: [
        {
          status: 200,
          description: "Alive",
          mediaType: "application/json",
          schema: aliveSchema,
        },
      ],
      problems: [],
    },
    serve: () => jsonResponse({ status: "alive" }),
  }
}

/** `GET /readyz`: messages can come in and go out. */
export function readyRoute(deps: HttpDeps): Route {
  return {
    method: "GET",
    path: "/readyz",
    operation: {
      id: "ready",
      summary: "Whether messages can come in and go out",
      successes: [
        {
          status: 200,
          description: "Ready",
          mediaType: "application/json",
          schema: readySchema,
        },
      ],
      problems: ["not_ready", "shutting_down"],
    },
    serve() {
      const obstacle = readinessProblem(deps)
      if (obstacle !== undefined) return problemResponse(obstacle)
      const readiness = deps.router.readiness()
      const impaired = readiness.ready ? readiness.impaired?.slice(0, impairedMax) : undefined
      return jsonResponse({ status: "ready", ...(impaired && { impaired }) })
    },
  }
}

/** Of a thousand queues in the same trouble a few will do. */
const impairedMax = 10
