import { Counter, Histogram, type Registry } from "prom-client"

/** Counts the answered requests of one route, and how long they took. */
export interface RequestMeter {
  observe(status: number, durationSeconds: number): void
}

/** @param route - the pattern, never the path, and `method` one of a few: each pair has its own numbers */
export type NewRequestMeter = (method: string, route: string) => RequestMeter

/** Seconds. A confirm takes a millisecond or a few; an unknown outcome as long as the timeout. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function registerRequests(registry: Registry): NewRequestMeter {
  const counted: Counted[] = []
  new Counter({
    name: "partymq_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["method", "route", "status"],
    registers: [registry],
    collect() {
      this.reset()
      for (const { method, route, counts } of counted) {
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
  })
  return (method, route) => {
    const counts = new Map<number, number>()
    counted.push({ method, route, counts })
    const { observe } = durations.labels(method, route)
    return {
      observe(status, durationSeconds) {
        counts.set(status, (counts.get(status) ?? 0) + 1)
        observe(durationSeconds)
      },
    }
  }
}

/** In plain numbers, which costs a request less than looking up its labels in the library. */
interface Counted {
  readonly method: string
  readonly route: string
  /** By status. */
  readonly counts: ReadonlyMap<number, number>
}
