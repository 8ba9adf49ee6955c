import { answered, isTimeout } from "../broker/answered.ts"
import { bounds } from "../core/bounds.ts"
import type { FenceReason } from "./consumer-events.ts"
import { GoneQueues } from "./gone-queues.ts"
import { HandOverTurns } from "./hand-over-turns.ts"
import { Lease, leaseMs } from "./lease.ts"
import { type Assignment, queuesOf } from "./members-api.ts"
import { endsWithin, Pause } from "./pause.ts"
import type { SessionOptions } from "./session-options.ts"
import type { Subscription } from "./subscription.ts"

/**
 * One membership on one connection, from the join to its end: acts on assignments and says so, beside
 * the work. Does what a member does by docs/groups.md.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #lease: Lease
  readonly #pause = new Pause()
  readonly #subscriptions = new Map<number, Subscription>()
  readonly #turns = new HandOverTurns<Subscription>({
    due: () => this.#unwanted(),
    begin: (each) => this.#giveBack(each),
  })
  readonly #gone = new GoneQueues()
  #assignment: Assignment
  /** The newest generation whose queues were all subscribed to, but those that are not there. */
  #actedOn = 0
  #isClosing = false
  #isLeaving = false
  #fence: { readonly isConnected: boolean } | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#assignment = options.assignment
    this.#lease = new Lease({
      lastsMs: leaseMs(options.assignment, options.connection),
      ...{ ask: options.askBroker, certain: options.mayStartAgain },
      ranOut: (silentMs) => {
        const detail = `nothing was heard of the broker for ${Math.round(silentMs)} ms`
        this.fence("lease_over", detail)
      },
      now: () => performance.now(),
    })
    options.connection.onLost = (reason) => this.fence("connection_lost", reason)
    if (options.connection.closed) this.fence("connection_lost", "it was closed at once")
  }

  get partitions(): readonly number[] {
    const held = [...this.#subscriptions].filter(([, each]) => !each.isLost)
    return held.map(([partition]) => partition).sort((a, b) => a - b)
  }

  /** As PartyMQ is told: one whose queue is missing counts as had, for nobody could do better. */
  get #accounted(): readonly number[] {
    const missing = this.#gone.missingOf(queuesOf(this.#assignment))
    return [...this.partitions, ...missing.filter((each) => !this.#subscriptions.has(each))]
  }

  /** Whether what was delivered is certainly ours at this moment; looks at the clock. */
  get isOurs(): boolean {
    return this.#fence === undefined && this.#lease.mayBegin
  }

  /** Whether any of it may be started at this moment. */
  get mayStart(): boolean {
    return !this.#isClosing && this.isOurs
  }

  /** Runs until it was closed, or is fenced. By then its channels are closed and nothing runs. */
  async run(): Promise<"closed" | "fenced"> {
    while (this.#fence === undefined) {
      this.#act()
      if (this.#isDone) break
      const { heartbeatIntervalMs } = this.#assignment
      await this.#pause.for(this.#isLeaving ? heartbeatIntervalMs / 10 : heartbeatIntervalMs / 2)
      if (this.#fence === undefined) await this.#beat()
    }
    this.#lease.end()
    if (this.#fence === undefined) return "closed"
    await this.#windUp(this.#fence.isConnected)
    return "fenced"
  }

  /** How long others may take to be subscribed to what it has. */
  get handOverMs(): number {
    return 2 * this.#assignment.heartbeatIntervalMs
  }

  get #isDone(): boolean {
    const hasNothing = this.#subscriptions.size === 0
    const isRelieved = this.#isLeaving && this.#assignment.partitions.length === 0
    return hasNothing && (this.#isClosing || isRelieved)
  }

  /** Gives everything back; `run` ends once that is done. */
  close(): void {
    this.#isClosing = true
    this.#pause.end()
  }

  /** Goes on until others are subscribed to all that it has, and ends then. */
  leave(): void {
    this.#isLeaving = true
    this.#pause.end()
  }

  /**
   * It is a member no more. What runs of a partition that is not certainly its own is told at once;
   * nothing new is started.
   */
  fence(reason: FenceReason, detail: string, lost?: Subscription): void {
    const isConnected = reason === "unknown_member" || reason === "channel_lost"
    if (this.#fence !== undefined) {
      // While what ran was let come to its end the connection went, too.
      if (!isConnected) this.#loseAll()
      return
    }
    this.#fence = { isConnected }
    this.#lease.end()
    this.#options.fenced(reason, detail)
    const told = reason === "channel_lost" ? [lost!] : this.#subscriptions.values()
    for (const each of this.#subscriptions.values()) each.stop()
    for (const each of told) each.tell(new Error(`${reason}: ${detail}`))
    if (!isConnected) this.#options.connection.destroy(detail)
    this.#pause.end()
  }

  /** As long as a channel is open nobody else is given its messages: so what runs may come to an end. */
  async #windUp(isConnected: boolean): Promise<void> {
    const all = [...this.#subscriptions.values()]
    if (isConnected) {
      const drained = Promise.all(all.map((each) => each.drain().catch(() => {})))
      const ended = drained.then(() => {})
      await endsWithin(ended, bounds.fencedSettleMs)
    }
    this.#loseAll()
    this.#options.connection.destroy("the member was fenced")
    await Promise.all(all.map((each) => each.idle()))
    for (const each of all) this.#options.unsubscribed(each, false)
  }

  #loseAll(): void {
    for (const each of this.#subscriptions.values()) each.lose(new Error("the member was fenced"))
  }

  /** Subscribes and gives back what has to be, in the background. */
  #act(): void {
    if (this.#isClosing) {
      // Nothing is started any more: none of it would gain by waiting for its turn.
      for (const each of this.#subscriptions.values()) this.#giveBack(each)
      return
    }
    const wanted = queuesOf(this.#assignment)
    for (const [partition, queue] of wanted) {
      // Where it has another queue: it is subscribed to once that is given back.
      if (!this.#subscriptions.has(partition)) this.#subscribe(partition, queue)
    }
    this.#turns.start()
    const isDone = ([partition, queue]: readonly [number, string]) => {
      const has = this.#subscriptions.get(partition)
      if (has?.place.queue !== queue) return false
      return has.isOpen || (this.#gone.isMissing(queue) && !has.isLost)
    }
    if ([...wanted].every(isDone)) this.#actedOn = this.#assignment.generation
  }

  #unwanted(): readonly Subscription[] {
    const wanted = queuesOf(this.#assignment)
    const isWanted = ({ place }: Subscription) => wanted.get(place.partition) === place.queue
    return [...this.#subscriptions.values()].filter((each) => !each.isStopped && !isWanted(each))
  }

  async #subscribe(partition: number, queue: string): Promise<void> {
    const { connection, subscribe, subscribed, troubled } = this.#options
    const subscription = subscribe(partition, queue, (detail, end) => {
      // With a connection its channels go, and they are heard of just before.
      setImmediate(() => {
        if (this.#subscriptions.get(partition) !== subscription) return
        if (end === "queue_gone") this.#loseQueue(subscription, detail)
        else this.fence("channel_lost", detail, subscription)
      })
    })
    this.#subscriptions.set(partition, subscription)
    try {
      const opening = subscription.open(connection, this.#gone.has(queue))
      await answered(bounds.requestTimeoutMs, opening, `subscribing to "${queue}"`)
      this.#gone.consumed(queue)
      subscribed(subscription)
      this.#pause.end()
    } catch (error) {
      if (this.#fence !== undefined) return
      this.#gone.failed(queue, error)
      // One that is not answered may be a consumer yet: only the connection's end makes certain.
      if (isTimeout(error)) return connection.destroy(error.message)
      this.#forget(partition, subscription, false)
      troubled(error)
    }
  }

  /** A queue is gone, its messages with it or another's: it is subscribed to again if it comes back. */
  #loseQueue(subscription: Subscription, detail: string): void {
    this.#gone.deleted(subscription.place.queue)
    this.#options.trouble(detail)
    void this.#drain(subscription)
  }

  #giveBack(subscription: Subscription): void {
    if (!subscription.isStopped) void this.#drain(subscription)
  }

  /** What ran has ended before there can be another for the partition: they would share its keys. */
  async #drain(subscription: Subscription): Promise<void> {
    await subscription.drain().catch(() => {})
    if (this.#fence !== undefined) return
    this.#forget(subscription.place.partition, subscription, !subscription.isLost)
    this.#pause.end()
  }

  /** Once only: by then there may be another one for the partition. */
  #forget(partition: number, subscription: Subscription, isHandedBack: boolean): void {
    if (this.#subscriptions.get(partition) !== subscription) return
    this.#subscriptions.delete(partition)
    this.#options.unsubscribed(subscription, isHandedBack)
  }

  async #beat(): Promise<void> {
    const { api, assigned, trouble } = this.#options
    const leaving = this.#isLeaving && { leaving: true as const }
    const said = { generation: this.#actedOn, partitions: this.#accounted, ...leaving }
    const { memberId, heartbeatIntervalMs } = this.#assignment
    const timeoutMs = Math.min(bounds.memberRequestTimeoutMs, 2 * heartbeatIntervalMs)
    const answer = await api.heartbeat(memberId, said, timeoutMs)
    if (this.#fence !== undefined) return
    if (answer.kind === "assigned") {
      await assigned(answer.assignment)
      this.#assignment = answer.assignment
    } else if (answer.kind === "away") {
      trouble(`PartyMQ does not answer: ${answer.detail}`)
      // There is nobody who would tell others.
      if (this.#isLeaving) this.close()
    } else {
      const detail = answer.kind === "refused" ? answer.detail : "PartyMQ knows no such member"
      this.fence("unknown_member", detail)
    }
  }
}
