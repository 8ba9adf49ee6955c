import { bounds } from "../core/bounds.ts"
import type { Log } from "../log.ts"
import type { TopicPlan } from "../topic-plan.ts"
import type { Connection } from "./connection.ts"
import type { Endpoint } from "./endpoint.ts"
import { queueExists } from "./exists.ts"
import {
  declareQueues,
  isSingleActiveQuorum,
  type KnownProtections,
  type QueueDeclaration,
} from "./partition-queues.ts"
import { silentQueues } from "./silent-queues.ts"
import { StartRefused } from "./start-refused.ts"
import { topicQueues } from "./topic-queues.ts"

export interface QueueKeeperOptions {
  readonly plans: readonly TopicPlan[]
  readonly endpoint: Endpoint
  readonly log: Log
  /** The connection that is published on; `undefined` while there is none. */
  readonly publishing: () => Connection | undefined
  /** Nothing is to be published to these queues; to all others it is. */
  readonly bar: (queues: ReadonlyMap<string, string>) => void
}

/**
 * Sees to it that the queues that are published to exist, and are what they should be. One that is
 * not is *barred*: nothing is published to it, its messages wait, and all others flow on. Why:
 *
 * - It exists with other settings: somebody deleted it and declared another. The default exchange
 *   would go on filling it, and without Single Active Consumer order would be lost in silence.
 * - It is a classic queue, and its node is away.
 * - It is a quorum queue without a leader. A publish to it blocks the broker's channel, and a few
 *   dozen the connection, for every other queue as well.
 *
 * Looks at each new connection, before it is published on, and in between at one queue after the
 * other, unhurried.
 */
export class QueueKeeper {
  readonly #options: QueueKeeperOptions
  /** Why, by queue. */
  #barred: ReadonlyMap<string, string> = new Map()
  /** What has not confirmed in time, and has not been asked yet. */
  #suspects: readonly string[] = []
  readonly #known: KnownProtections = new Map()
  #hasRun = false
  #isStopped = false

  constructor(options: QueueKeeperOptions) {
    this.#options = options
  }

  /** Queues that nothing may be published to, and why, for people. */
  get barred(): ReadonlyMap<string, string> {
    return this.#barred
  }

  /** These owe a confirm for too long; at least one of them has no leader, or the broker is gone. */
  suspect(queues: readonly string[]): void {
    this.#suspects = queues
  }

  /**
   * Declares the queues on a new connection and finds out which are to be barred.
   * @throws {StartRefused} when one exists with other settings, as long as nothing has run yet
   */
  async prepare(connection: Connection): Promise<void> {
    // Behind the same address may be another broker by now.
    this.#known.clear()
    const found = await this.#look(connection, topicQueues(this.#options.plans, connection))
    this.#hasRun = true
    this.#suspects = []
    this.#note(found)
  }

  /** Makes one that publishes came back from. */
  async declareAgain(queue: string): Promise<void> {
    const { plans, publishing } = this.#options
    const connection = publishing()
    if (connection === undefined) return
    const declarations = topicQueues(plans, connection).filter((each) => each.queue === queue)
    const [undeclared] = await declareQueues(connection, declarations, this.#known)
    if (undeclared !== undefined) this.#note(new Map([...this.#barred, [queue, undeclared.why]]))
  }

  start(): void {
    this.#keepLooking().catch(() => {})
  }

  stop(): void {
    this.#isStopped = true
  }

  async #keepLooking(): Promise<void> {
    let sinceAllMs = 0
    while (!this.#isStopped) {
      await Bun.sleep(bounds.barredCheckIntervalMs)
      sinceAllMs += bounds.barredCheckIntervalMs
      const isForAll = sinceAllMs >= bounds.queueCheckIntervalMs
      if (isForAll) sinceAllMs = 0
      // What cannot be asked now is asked next time; a lost connection is noticed elsewhere.
      await this.#check(isForAll).catch(() => {})
    }
  }

  async #check(isForAll: boolean): Promise<void> {
    const { plans, publishing } = this.#options
    const connection = publishing()
    // A blocked connection answers nothing.
    if (connection === undefined || connection.blocked !== undefined) return
    const all = topicQueues(plans, connection)
    const isBarred = ({ queue }: QueueDeclaration) => this.#barred.has(queue)
    if (this.#barred.size > 0) {
      const asked = all.filter(isBarred)
      const found = await this.#look(connection, asked)
      const isAsked = (queue: string) => asked.some((each) => each.queue === queue)
      // Some may have been barred meanwhile.
      const others = [...this.#barred].filter(([queue]) => !isAsked(queue))
      if (publishing() === connection) this.#note(new Map([...found, ...others]))
    }
    if (!isForAll) return
    for (const declaration of all.filter((each) => !isBarred(each))) {
      const why = await this.#replaced(connection, declaration)
      if (publishing() !== connection || this.#isStopped) return
      if (why !== undefined) this.#note(new Map([...this.#barred, [declaration.queue, why]]))
      await Bun.sleep(bounds.queueCheckPauseMs)
    }
  }

  /**
   * Why a queue that is there is not the right one. One that is missing is left missing: it must not
   * appear between two messages that are on their way, of which the first came back.
   */
  async #replaced(
    connection: Connection,
    declaration: QueueDeclaration,
  ): Promise<string | undefined> {
    if (!(await queueExists(connection, declaration.queue))) return undefined
    const [undeclared] = await declareQueues(connection, [declaration], this.#known)
    return undeclared?.why
  }

  async #look(
    connection: Connection,
    declarations: readonly QueueDeclaration[],
  ): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>()
    for (const { queue, why, isConflict } of await declareQueues(
      connection,
      declarations,
      this.#known,
    )) {
      if (isConflict && !this.#hasRun) {
        const way = "Delete it once it is empty: the next start declares it as configured."
        throw new StartRefused("queue_conflict", `queue "${queue}" ${why}. ${way}`)
      }
      found.set(queue, why)
    }
    const isDoubted = ({ queue }: QueueDeclaration) =>
      !found.has(queue) && (this.#suspects.includes(queue) || this.#barred.has(queue))
    const doubted = declarations.filter((each) => isSingleActiveQuorum(each) && isDoubted(each))
    const names = doubted.map(({ queue }) => queue)
    const silent = await silentQueues(this.#options.endpoint, names)
    for (const queue of silent) found.set(queue, "has no leader")
    return found
  }

  #note(found: ReadonlyMap<string, string>): void {
    const { log, bar } = this.#options
    const barred = [...found].filter(([queue]) => !this.#barred.has(queue))
    const freed = [...this.#barred.keys()].filter((queue) => !found.has(queue))
    this.#barred = found
    bar(found)
    if (barred.length > 0) {
      const fields = { queues: barred.map(([queue]) => queue), reason: barred[0]![1] }
      log.error(fields, "nothing is published to these queues until they are put right")
    }
    if (freed.length > 0) log.info({ queues: freed }, "these queues are published to again")
  }
}
