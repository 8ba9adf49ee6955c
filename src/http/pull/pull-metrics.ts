import { Counter, Gauge, type Registry } from "prom-client"
import type { PullCounts } from "../../broker/pull/group-pull.ts"
import type { Pull } from "../../router.ts"

const labelNames = ["topic", "group"] as const

/** Messages that consumers pull, and what became of them. */
export function registerPullMetrics(registry: Registry, pull: Pull): void {
  gauge("held_messages", "Messages held for consumers that pull, leased ones included", "held")
  gauge("leased_messages", "Messages that consumers have and have not acked", "leased")
  gauge("waiting_consumers", "Consumers that wait for messages", "waiting")
  counter("delivered_messages", "Messages given out, repeats included", "delivered")
  counter("acked_messages", "Messages acked by consumers", "acked")
  counter("expired_leases", "Leases that ended before their message was acked", "expired")
  counter("dead_lettered_messages", "Messages given out as often as they may be", "deadLettered")

  function gauge(name: string, help: string, count: keyof PullCounts): void {
    new Gauge({
      ...{ name: `partymq_pull_${name}`, help, labelNames, registers: [registry] },
      collect() {
        for (const { topic, group, pull: one } of pull.all) {
          this.set({ topic, group }, one.counts[count])
        }
      },
    })
  }

  function counter(name: string, help: string, count: keyof PullCounts): void {
    new Counter({
      ...{ name: `partymq_pull_${name}_total`, help, labelNames, registers: [registry] },
      collect() {
        this.reset()
        for (const { topic, group, pull: one } of pull.all) {
          this.inc({ topic, group }, one.counts[count])
        }
      },
    })
  }
}
