import { Counter, Gauge, Registry } from "prom-client"
import type { Admission } from "../core/admission.ts"
import type { GroupCoordinators } from "../group-coordinators.ts"
import type { GroupWatchdog } from "../group-watchdog.ts"
import type { Router } from "../router.ts"
import { registerClientMetrics } from "./client-metrics.ts"
import { registerGroupMetrics } from "./group-metrics.ts"
import { registerPullMetrics } from "./pull/pull-metrics.ts"
import { type NewRequestMeter, registerRequests } from "./request-meters.ts"
import { registerRouterMetrics } from "./router-metrics.ts"

export interface Metrics {
  readonly registry: Registry
  readonly newRequestMeter: NewRequestMeter
  /** Lines of batches that have been answered. */
  readonly batchLines: { accepted: number; failed: number }
}

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
  return { registry, batchLines, newRequestMeter: registerRequests(registry) }
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
