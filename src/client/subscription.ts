import type { Connection } from "../broker/connection.ts"
import type { Delivery } from "../broker/content-reader.ts"
import { type QueueReader, type ReaderEnd, readQueue } from "../broker/queue-reader.ts"
import { KeyedQueue, type Keys, type Place } from "../core/consume/keyed-queue.ts"
import { Acking } from "./acking.ts"
import type { ConsumedMessage, QueuePlace } from "./consumed-message.ts"
import type { Job } from "./job.ts"

export interface SubscriptionOptions {
  readonly place: QueuePlace
  readonly prefetch: number
  readonly consumerTag: string
  readonly read: (delivery: Delivery) => {
    readonly message: ConsumedMessage
    readonly keys: Keys
    readonly marker?: string
  }
  /** Before its first message is started; asked once there is one, and must not reject. */
  readonly admitted?: () => Promise<void>
  /** There may be something to start. */
  readonly ready: () => void
  /** The broker ended it. */
  readonly ended: (reason: string, end: ReaderEnd) => void
}

/**
 * A partition that this member is subscribed to, on a channel of its own: what was delivered, what of
 * that runs, and what is to be acked.
 */
export class Subscription {
  readonly place: QueuePlace
  readonly #options: SubscriptionOptions
  readonly #queue = new KeyedQueue<Job>()
  readonly #acking: Acking
  readonly #running = new Set<AbortController>()
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>()
  #opening: Promise<QueueReader> | undefined
  #reader: QueueReader | undefined
  readonly #attached = new Set<Subscription>()
  #admission: "unasked" | "asked" | "given"
  #isStopped = false
  #isLost = false
  #isTold = false
  #idle: () => void = () => {}
  #drained: Promise<void> | undefined

  constructor(options: SubscriptionOptions) {
    this.#options = options
    this.place = options.place
    const isQuorum = options.place.queueType !== "classic"
    this.#acking = new Acking({ prefetch: options.prefetch, isQuorum })
    this.#admission = options.admitted === undefined ? "given" : "unasked"
  }

  /** Its channel is open and nothing has been said to the contrary. */
  get isOpen(): boolean {
    return this.#reader !== undefined && !this.#isStopped
  }

  /** Nothing of it is started any more. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Messages that were delivered and have not been dealt with. */
  get size(): number {
    return this.#queue.size
  }

  /** Its channel is gone, or counts as gone: nothing of it can be acked. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** What ran has been told to end: whatever came of it, its messages are not acked. */
  get isTold(): boolean {
    return this.#isTold
  }

  /** @throws {BrokerError} when the queue cannot be consumed, or `wasGone` and is not back for good */
  async open(connection: Connection, wasGone = false): Promise<void> {
    const { place, prefetch, consumerTag, ended } = this.#options
    this.#opening = readQueue(connection, place.queue, {
      prefetch,
      consumerTag,
      wasGone,
      delivered: (delivery) => this.#delivered(delivery),
      ended: (reason, end) => {
        this.lose(new Error(reason))
        ended(reason, end)
      },
    })
    this.#reader = await this.#opening
    this.#acking.begin(this.#reader)
  }

  /** The next message to start. Whoever takes it calls `begin`, and at its end one of the others. */
  take(): Place<Job> | undefined {
    return this.#isStopped || this.#admission !== "given" ? undefined : this.#queue.take()
  }

  /** A run begins; its signal fires when the partition is lost. */
  begin(): AbortController {
    const controller = new AbortController()
    this.#running.add(controller)
    return controller
  }

  /** A run is over, to whatever effect. */
  end(controller: AbortController): void {
    this.#running.delete(controller)
    if (this.#running.size === 0) this.#idle()
  }

  /** A message has been dealt with for good: it is acked, and what waits for its key may start. */
  done(place: Place<Job>): void {
    if (this.#isLost) return
    this.#queue.finish(place)
    this.#acking.handled(place.item.delivery.deliveryTag)
  }

  /** A message is to be tried again later; what waits for its key goes on waiting. */
  retryLater(place: Place<Job>, delayMs: number): void {
    if (this.#isStopped) return
    const timer = setTimeout(() => {
      this.#pauses.delete(timer)
      this.retry(place)
    }, delayMs)
    this.#pauses.add(timer)
  }

  /** The same, at once. */
  retry(place: Place<Job>): void {
    this.#queue.retry(place)
    this.#options.ready()
  }

  /** Others that are stopped, told, lost and drained with this one. */
  get attached(): Set<Subscription> {
    return this.#attached
  }

  /** Starts nothing new of it. */
  stop(): void {
    this.#isStopped = true
    for (const timer of this.#pauses) clearTimeout(timer)
    this.#pauses.clear()
    for (const each of this.#attached) each.stop()
  }

  /** What runs is told that it may not be ours for much longer. */
  tell(reason: Error): void {
    this.stop()
    this.#isTold = true
    for (const controller of this.#running) controller.abort(reason)
    for (const each of this.#attached) each.tell(reason)
  }

  /** Its partition is not ours any more: what runs is told so, and nothing of it is acked. */
  lose(reason: Error): void {
    this.tell(reason)
    this.#isLost = true
    this.#acking.end()
    for (const each of this.#attached) each.lose(reason)
  }

  /** Starts nothing new, finishes and acks what runs, closes the channel. */
  drain(): Promise<void> {
    const attached = [...this.#attached].map((each) => each.drain())
    this.#drained ??= Promise.all([this.#drain(), ...attached]).then(() => {})
    return this.#drained
  }

  /** Resolves once nothing of it runs. */
  async idle(): Promise<void> {
    await Promise.all([this.#ownIdle(), ...[...this.#attached].map((each) => each.idle())])
  }

  #ownIdle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const before = this.#idle
      this.#idle = () => {
        before()
        resolve()
      }
    })
  }

  async #drain(): Promise<void> {
    this.stop()
    const reader = await this.#opening?.catch(() => undefined)
    await this.#ownIdle()
    await this.#acking.finish()
    await reader?.close()
  }

  #delivered(delivery: Delivery): void {
    this.#acking.delivered(delivery.deliveryTag)
    // The rest of what was on its way when it was stopped goes back to the queue.
    if (this.#isStopped) return
    const { message, keys, ...marked } = this.#options.read(delivery)
    this.#queue.push({ message, delivery, failures: 0, poisonFailures: 0, ...marked }, keys)
    if (this.#admission === "unasked") void this.#admit()
    this.#options.ready()
  }

  async #admit(): Promise<void> {
    this.#admission = "asked"
    await this.#options.admitted?.()
    this.#admission = "given"
    this.#options.ready()
  }
}
