import { bounds } from "../core/bounds.ts"
import type { Lane } from "../core/lane.ts"
import type { RouterStats } from "../core/stats.ts"
import { type Condition, ConditionLog } from "../log/condition-log.ts"
import type { Log } from "../log.ts"

/** What is looked at once a second. */
export interface Watched {
  readonly log: Log
  readonly stats: RouterStats
  /** Why the broker blocks publishers; `undefined` while it does not. */
  readonly blocked: () => string | undefined
  /** Queues that do not answer while others do. */
  readonly mute: () => readonly string[]
  /** Whether the sources are not read because too much of them is on its way. */
  readonly isPaused: () => boolean
}

/** Logs what lasts: two lines for each time, whatever it happens to. */
export class BrokerConditions {
  readonly #watched: Watched
  readonly #conditions: ConditionLog
  #timer: ReturnType<typeof setInterval> | undefined

  /** @param nowMs a clock that never goes back */
  constructor(watched: Watched, nowMs = () => performance.now()) {
    this.#watched = watched
    this.#conditions = new ConditionLog(watched.log, nowMs)
  }

  start(): void {
    this.#timer = setInterval(() => this.check(), bounds.conditionCheckIntervalMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** A queue has refused a message, or there is none of that name. */
  troubled(lane: Lane, isMissing: boolean): void {
    const { queue } = lane
    this.#conditions.note({
      subject: `${isMissing ? "missing" : "refusing"} ${queue}`,
      fields: { queue },
      begun: isMissing
        ? "a queue is missing; it is declared again, and its messages are sent again"
        : "a queue refuses messages; they are sent again until it takes them",
      over: "the queue takes messages again",
      lasts: () => lane.size > 0 && lane.state !== "open",
    })
  }

  /** The broker has closed the publish channel over a message; it may do so for each of many. */
  channelClosed(reason: string): void {
    this.#conditions.note({
      subject: "channel closed",
      fields: { reason },
      begun: "the broker closes the publish channel over a message; another is opened",
      over: "the publish channel stays open",
      lasts: () => false,
    })
  }

  /** Looks at what lasts and what is over; done once a second from `start` on. */
  check(): void {
    const lasting = [this.#blocked(), this.#paused(), ...this.#mute(), ...this.#stalled()]
    for (const condition of lasting) {
      if (condition.lasts()) this.#conditions.note(condition)
    }
    this.#conditions.check()
  }

  #blocked(): Condition {
    const { blocked } = this.#watched
    return {
      subject: "blocked",
      fields: { reason: blocked() },
      begun: "the broker blocks publishers; nothing is published",
      over: "the broker takes publishes again",
      lasts: () => blocked() !== undefined,
    }
  }

  #mute(): Condition[] {
    const { mute } = this.#watched
    return mute().map((queue) => ({
      subject: `mute ${queue}`,
      fields: { queue },
      begun: "a queue does not answer; its messages wait, and others go on",
      over: "the queue answers again",
      lasts: () => mute().includes(queue),
    }))
  }

  #paused(): Condition {
    return {
      subject: "paused",
      fields: {},
      begun: "sources are not read for a while: too many bytes of them are on their way",
      over: "sources are read on",
      afterMs: bounds.pauseSaidAfterMs,
      lasts: this.#watched.isPaused,
    }
  }

  #stalled(): Condition[] {
    return Object.entries(this.#watched.stats.topics).map(([topic, stats]) => ({
      subject: `stalled ${topic}`,
      fields: { topic },
      begun: "the oldest message of a source does not settle; nothing behind it is acked",
      over: "the source settles again",
      lasts: () => Date.now() - (stats.oldestArrivedMs() ?? Number.NaN) >= bounds.stallSaidAfterMs,
    }))
  }
}
