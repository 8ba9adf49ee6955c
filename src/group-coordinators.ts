import type { MembersConfig } from "./config/config.ts"
import type { Assignor } from "./core/group/assignor.ts"
import { range } from "./core/group/range.ts"
import { sticky } from "./core/group/sticky.ts"
import { GroupCoordinator } from "./group-coordinator.ts"
import type { Log } from "./log.ts"
import type { Router } from "./router.ts"

/** The coordinators of all groups of a router. */
export interface GroupCoordinators {
  /** `undefined` for a group that does not exist. */
  of(topic: string, group: string): GroupCoordinator | undefined
  readonly all: readonly { topic: string; group: string; coordinator: GroupCoordinator }[]
  stop(): void
}

const assignors: Readonly<Record<MembersConfig["assignor"], Assignor>> = { sticky, range }

/** So that what a coordinator counts from is above what any before it can have come to. */
const generationsPerMs = 1_000

/** A coordinator for each group of a router, begun. */
export function groupCoordinators(
  router: Pick<Router, "config" | "partitionQueues" | "cutOff">,
  log: Log,
): GroupCoordinators {
  const all = Object.entries(router.config.topics).flatMap(([topic, { groups }]) =>
    Object.entries(groups).flatMap(([group, { members, clients }]) => {
      // Its partitions are forwarded, and nobody else may consume them.
      if (clients !== undefined) return []
      const { assignor, initialDelayMs, ...times } = members
      const coordinator = new GroupCoordinator({
        ...{ topic, group, log, initialDelayMs },
        queues: router.partitionQueues(topic, group) ?? [],
        rules: { assignor: assignors[assignor], ...times },
        firstGeneration: Date.now() * generationsPerMs,
        now: () => performance.now(),
        newId: () => crypto.randomUUID(),
        cutOff: (member, queues, isGone) => router.cutOff(member, queues, isGone),
      })
      return [{ topic, group, coordinator }]
    }),
  )
  return {
    all,
    of: (topic, group) =>
      all.find((each) => each.topic === topic && each.group === group)?.coordinator,
    stop() {
      for (const { coordinator } of all) coordinator.stop()
    },
  }
}
