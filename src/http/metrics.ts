import { Counter, Gauge, Histogram, Registry } from "prom-client"
import type { Admission } from "../core/admission.ts"
import type { GroupCoordinators } from "../group-coordinators.ts"
import type { GroupWatchdog } from "../group-watchdog.ts"
import type { Router } from "../router.ts"
import { registerClientMetrics } from "./client-metrics.ts"
import { registerGroupMetrics } from "./group-metrics.ts"
import { registerPullMetrics } from "./pull/pull-metrics.ts"
import { registerRouterMetrics } from "./router-metrics.ts"

/** One answered request. `route` is the pattern, never the path: paths are without number. */
export interface Served {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly durationSeconds: number
}

export interface Metrics {
  readonly registry: Registry
  observe(served: Served): void
  /** Lines of batches that have been answered. */
  readonly batchLines: { accepted: number; failed: number }
}

/** Seconds. A confirm takes a millisecond or a few; an unknown outcome as long as the timeout. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** All metrics of the router and of HTTP; none is labelled by key. */
export function createMetrics(
  router: Router,
  admission: Admission,
  groups: GroupCoordinators,
  watchdog: Pick<GroupWatchdog, "idle">,
): Metrics {
  const registry = new Registry()
  registerRouterMetrics(registry, router)
  registerAdmissionMetrics(registry, admission)
  registerGroupMetrics(registry, router, groups, watchdog)
  registerPullMetrics(registry, router.pull)
  registerClientMetrics(registry, router)
  const batchLines = registerBatchLines(registry)
  const countRequest = registerRequests(registry)
  const durations = new Histogram({
    name: "partymq_http_request_duration_seconds",
    help: "From the request's head to the answer, the broker's confirm included",
    labelNames: ["method", "route"],
    buckets: durationBuckets,
    registers: [registry],
  })
  return {
    registry,
    batchLines,
    observe({ method, route, status, durationSeconds }) {
      countRequest(method, route, status)
      durations.observe({ method, route }, durationSeconds)
    },
  }
}

function registerAdmissionMetrics(registry: Registry, admission: Admission): void {
  new Gauge({
    name: "partymq_http_in_flight_messages",
    help: "Messages taken over HTTP whose fate is not known yet",
    registers: [registry],
    collect() {
      this.set(admission.messages)
    },
  })
  new Gauge({
    name: "partymq_http_in_flight_bytes",
    help: "Bytes of those messages read so far",
    registers: [registry],
    collect() {
      this.set(admission.bytes)
    },
  })
}

/** Counts in plain numbers, which costs a request less than looking up its labels in the library. */
function registerRequests(registry: Registry) {
  const served = new Map<string, { readonly labels: Labels; count: number }>()
  new Counter({
    name: "partymq_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["method", "route", "status"],
    registers: [registry],
    collect() {
      this.reset()
      for (const { labels, count } of served.values()) this.inc(labels, count)
    },
  })
  return (method: string, route: string, status: number) => {
    const name = `${method} ${route} ${status}`
    const known = served.get(name)
    if (known !== undefined) known.count += 1
    else served.set(name, { labels: { method, route, status: String(status) }, count: 1 })
  }
}

type Labels = { readonly [name in "method" | "route" | "status"]: string }

function registerBatchLines(registry: Registry): Metrics["batchLines"] {
  const lines = { accepted: 0, failed: 0 }
  new Counter({
    name: "partymq_http_batch_lines_total",
    help: "Lines and events of batches that have been answered",
    labelNames: ["outcome"],
    registers: [registry],
    collect() {
      this.reset()
      for (const [outcome, value] of Object.entries(lines)) this.inc({ outcome }, value)
    },
  })
  return lines
}
