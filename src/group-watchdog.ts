import { bounds } from "./core/bounds.ts"
import { type Idle, IdleWatch } from "./core/group/idle-watch.ts"
import type { GroupCoordinator } from "./group-coordinator.ts"
import type { GroupCoordinators } from "./group-coordinators.ts"
import { ConditionLog } from "./log/condition-log.ts"
import type { Log } from "./log.ts"
import type { Router } from "./router.ts"

/** What stands still in a group, for long enough to be told. */
export interface IdlePartition extends Idle {
  /** For people: why, as far as it is known. */
  readonly why: string
}

interface Watched {
  readonly topic: string
  readonly group: string
  readonly coordinator: GroupCoordinator
  readonly watch: IdleWatch
  idle: readonly IdlePartition[]
}

const saidAfterMs: Readonly<Record<Idle["reason"], number>> = {
  unconsumed: bounds.unconsumedSaidAfterMs,
  undelivered: bounds.undeliveredSaidAfterMs,
}

/**
 * Looks every now and then for partition queues with messages that nobody consumes, or whose consumers
 * take nothing, says so in the log, one line for a group and a reason, and why.
 */
export class GroupWatchdog {
  readonly #router: Pick<Router, "describe">
  readonly #groups: readonly Watched[]
  readonly #now: () => number
  readonly #conditions: ConditionLog
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStopped = false

  constructor(
    router: Pick<Router, "describe">,
    groups: GroupCoordinators,
    log: Log,
    now: () => number = () => performance.now(),
  ) {
    this.#router = router
    this.#groups = groups.all.map((each) => ({ ...each, watch: new IdleWatch(), idle: [] }))
    this.#now = now
    this.#conditions = new ConditionLog(log, now)
  }

  /** Looks again and again, until it is stopped. */
  start(): void {
    this.#lookLater(bounds.idleCheckIntervalMs)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** What stands still in a group by the last look. */
  idle(topic: string, group: string): readonly IdlePartition[] {
    return this.#groups.find((each) => each.topic === topic && each.group === group)?.idle ?? []
  }

  async look(): Promise<void> {
    for (const topic of new Set(this.#groups.map((each) => each.topic))) {
      // What cannot be asked now is asked next time.
      const statuses = await this.#router.describe(topic).catch(() => [])
      for (const { group, queues } of statuses) {
        const watched = this.#groups.find((each) => each.topic === topic && each.group === group)
        if (watched !== undefined) this.#note(watched, watched.watch.look(queues, this.#now()))
      }
    }
    this.#conditions.check()
  }

  #note(watched: Watched, idle: readonly Idle[]): void {
    const nowMs = this.#now()
    watched.idle = idle
      .filter(({ reason, sinceMs }) => nowMs - sinceMs >= saidAfterMs[reason])
      .map((each) => ({ ...each, why: why(each, watched.coordinator) }))
    const { topic, group } = watched
    for (const reason of ["unconsumed", "undelivered"] as const) {
      const such = () => watched.idle.filter((each) => each.reason === reason)
      const [first] = such()
      if (first === undefined) continue
      const partitions = such().map(({ partition }) => partition)
      this.#conditions.note({
        subject: `${reason} ${topic} ${group}`,
        fields: { topic, group, reason, partitions, why: first.why },
        begun: "messages wait in partition queues where nothing moves",
        over: "nothing stands still in these partition queues any more",
        lasts: () => such().length > 0,
      })
    }
  }

  #lookLater(ms: number): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(async () => {
      const startMs = this.#now()
      await this.look()
      const tookMs = this.#now() - startMs
      this.#lookLater(Math.max(bounds.idleCheckIntervalMs, tookMs / bounds.idleCheckShare))
    }, ms)
    this.#timer.unref()
  }
}

function why({ partition, reason }: Idle, { members }: GroupCoordinator): string {
  const [owner] = members.filter(({ assigned }) => assigned.includes(partition))
  const whose = owner && `member ${JSON.stringify(owner.memberId)}`
  const heard = owner && `was last heard of ${Math.round(owner.heardMsAgo / 1000)} s ago`
  if (reason === "undelivered") {
    const who = owner === undefined ? "a consumer" : `${whose}, which ${heard},`
    return `${who} is subscribed and takes nothing: it is at work on what it has, or stands still`
  }
  if (owner !== undefined) return `${whose}, whose it is, is not subscribed to it; it ${heard}`
  if (members.length > 0) return "partitions are being shared out among the members"
  return "nobody is subscribed to it, and the group has no members"
}
