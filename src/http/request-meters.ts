import { Counter, Histogram, type Registry } from "prom-client"

/** Counts the answered requests of one route, and how long they took. */
export interface RequestMeter {
  observe(status: number, durationSeconds: number): void
}

/** @param route - the pattern, never the path, and `method` one of a few: each pair has its own numbers */
export type NewRequestMeter = (method: string, route: string) => RequestMeter

/** Seconds. A confirm takes a millisecond or a few; an unknown outcome as long as the timeout. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** So many durations go to the library at once: its code, used now and then, costs much each time. */
const togetherMax = 256

export function registerRequests(registry: Registry): NewRequestMeter {
  const meters: Meter[] = []
  new Counter({
    name: "partymq_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["method", "route", "status"],
    registers: [registry],
    collect() {
      this.reset()
      for (const { method, route, counts } of meters) {
        for (const [status, count] of counts)
          this.inc({ method, route, status: String(status) }, count)
      }
    },
  })
  const durations = new Histogram({
    name: "partymq_http_request_duration_seconds",
    help: "From the request's head to the answer, the broker's confirm included",
    labelNames: ["method", "route"],
    buckets: durationBuckets,
    registers: [registry],
    collect() {
      for (const meter of meters) meter.handOver()
    },
  })
  return (method, route) => {
    const meter = new Meter(method, route, durations.labels(method, route).observe)
    meters.push(meter)
    return meter
  }
}

class Meter implements RequestMeter {
  readonly method: string
  readonly route: string
  /** By status. */
  readonly counts = new Map<number, number>()
  readonly #observe: (seconds: number) => void
  /** Not handed over yet. */
  readonly #seconds: number[] = []

  constructor(method: string, route: string, observe: (seconds: number) => void) {
    this.method = method
    this.route = route
    this.#observe = observe
  }

  observe(status: number, durationSeconds: number): void {
    this.counts.set(status, (this.counts.get(status) ?? 0) + 1)
    if (this.#seconds.push(durationSeconds) >= togetherMax) this.handOver()
  }

  handOver(): void {
    for (const seconds of this.#seconds.splice(0)) this.#observe(seconds)
  }
}
