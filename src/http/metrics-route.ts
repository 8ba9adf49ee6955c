import * as v from "valibot"
import type { HttpDeps } from "./deps.ts"
import type { Route } from "./route.ts"

/** `GET /metrics`: the Prometheus text format. */
export function metricsRoute({ metrics }: HttpDeps): Route {
  const { registry } = metrics
  return {
    method: "GET",
    path: "/metrics",
    operation: {
      id: "metrics",
      summary: "Metrics for Prometheus",
      successes: [
        {
          status: 200,
          description: "All metrics, in the Prometheus text format",
          mediaType: "text/plain",
          schema: v.string(),
        },
      ],
      problems: [],
    },
    async serve() {
      return new Response(await registry.metrics(), {
        headers: { "content-type": registry.contentType, "cache-control": "no-store" },
      })
    },
  }
}
