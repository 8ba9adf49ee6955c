import { Counter, Gauge, type Registry } from "prom-client"
import type { GroupCounts } from "../group-coordinator.ts"
import type { GroupCoordinators } from "../group-coordinators.ts"
import type { GroupWatchdog } from "../group-watchdog.ts"
import type { Router } from "../router.ts"

const labelNames = ["topic", "group"] as const

/** Members of groups, and what their partitions went through. */
export function registerGroupMetrics(
  registry: Registry,
  router: Pick<Router, "parkingLot">,
  groups: GroupCoordinators,
  watchdog: Pick<GroupWatchdog, "idle">,
): void {
  new Gauge({
    name: "partymq_group_members",
    help: "Members of the group",
    labelNames,
    registers: [registry],
    collect() {
      for (const { topic, group, coordinator } of groups.all) {
        this.set({ topic, group }, coordinator.counts.members)
      }
    },
  })
  new Gauge({
    name: "partymq_group_idle_partitions",
    help: "Partitions with messages in which nothing has moved for some time",
    labelNames: [...labelNames, "reason"],
    registers: [registry],
    collect() {
      for (const { topic, group } of groups.all) {
        const idle = watchdog.idle(topic, group)
        for (const reason of ["unconsumed", "undelivered"] as const) {
          this.set({ topic, group, reason }, idle.filter((each) => each.reason === reason).length)
        }
      }
    },
  })
  new Gauge({
    name: "partymq_parked_keys",
    help: "Parked keys of the group, those being resumed included, as last read",
    labelNames,
    registers: [registry],
    collect() {
      for (const { topic, group } of groups.all) {
        const count = router.parkingLot(topic, group)?.count
        // What nobody has asked for is not known.
        if (count !== undefined) this.set({ topic, group }, count)
      }
    },
  })
  counter(
    "handed_over_partitions",
    "Partitions that one member has handed over to another",
    "handedOver",
  )
  counter("expired_members", "Members that were not heard of for too long", "expired")
  counter("fenced_members", "Members that did not do in time what they were told to", "fenced")
  counter(
    "cut_off_connections",
    "Connections of expired or fenced members that were closed",
    "cutOff",
  )

  function counter(name: string, help: string, count: keyof GroupCounts): void {
    new Counter({
      name: `partymq_group_${name}_total`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        for (const { topic, group, coordinator } of groups.all) {
          this.inc({ topic, group }, coordinator.counts[count])
        }
      },
    })
  }
}
