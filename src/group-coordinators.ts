import { bounds } from "./core/bounds.ts"
import type { GroupRules } from "./core/group/group-state.ts"
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

/** The times by which groups go, without which they go by `groupTimes`. */
export interface GroupTimes extends Omit<GroupRules, "assignor"> {
  readonly initialDelayMs: number
}

export const groupTimes: GroupTimes = {
  sessionTimeoutMs: bounds.sessionTimeoutMs,
  drainTimeoutMs: bounds.drainTimeoutMs,
  initialDelayMs: bounds.groupInitialDelayMs,
}

/** So that what a coordinator counts from is above what any before it can have come to. */
const generationsPerMs = 1_000

/** A coordinator for each group of a router, begun. */
export function groupCoordinators(
  router: Pick<Router, "config" | "partitionQueues">,
  log: Log,
  { initialDelayMs, ...times }: GroupTimes = groupTimes,
): GroupCoordinators {
  const all = Object.entries(router.config.topics).flatMap(([topic, { groups }]) =>
    Object.keys(groups).map((group) => {
      const queues = router.partitionQueues(topic, group) ?? []
      const rules = { assignor: sticky, ...times }
      const now = () => performance.now()
      const newId = () => crypto.randomUUID()
      const beginning = { initialDelayMs, firstGeneration: Date.now() * generationsPerMs }
      const options = { topic, group, queues, rules, log, now, newId, ...beginning }
      return { topic, group, coordinator: new GroupCoordinator(options) }
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
