import { monitorEventLoopDelay } from "node:perf_hooks"
import { Counter, Gauge, type Registry } from "prom-client"

/**
 * Registers what the process itself costs, and returns what stops the measuring. A choice of our
 * own: of prom-client's default metrics several mean nothing on Bun (heap spaces of a V8 that is not
 * there, a heap size that is address space).
 */
export function registerProcessMetrics(registry: Registry): () => void {
  new Gauge({
    name: "partymq_process_resident_memory_bytes",
    help: "Resident memory of the process",
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Counter({
    name: "partymq_process_cpu_seconds_total",
    help: "CPU time used, user and system",
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  new Gauge({
    name: "partymq_process_start_time_seconds",
    help: "When the process started, in seconds since 1970",
    registers: [registry],
  }).set(Math.round(Date.now() / 1000 - process.uptime()))
  return registerEventLoopDelay(registry)
}

function registerEventLoopDelay(registry: Registry): () => void {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  new Gauge({
    name: "partymq_event_loop_delay_max_seconds",
    help: "Longest delay of the event loop since the last scrape",
    registers: [registry],
    collect() {
      // Nothing measured yet is 0 here, and not a negative or an infinite number.
      this.set(Math.max(0, Number.isFinite(delays.max) ? delays.max / 1e9 : 0))
      delays.reset()
    },
  })
  return () => void delays.disable()
}
