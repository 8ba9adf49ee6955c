import { hostname } from "node:os"
import { answered } from "../broker/answered.ts"
import { Connection } from "../broker/connection.ts"
import { type Endpoint, endpointOf } from "../broker/endpoint.ts"
import { backoffDelayMs } from "../core/backoff.ts"
import { bounds } from "../core/bounds.ts"
import { consumedMessage, deliveryView } from "./consumed-message.ts"
import { ConsumerError } from "./consumer-error.ts"
import type { ConsumerCounts, ConsumerEvents, FenceReason } from "./consumer-events.ts"
import type { CloseOptions, ParsedOptions } from "./consumer-options.ts"
import { DeadLetterWriter } from "./dead-letter-writer.ts"
import { Dispatcher } from "./dispatcher.ts"
import { Emitter } from "./emitter.ts"
import { JobRun } from "./job-run.ts"
import { KeyReading } from "./key-reading.ts"
import { type Answer, type Assignment, type MembersApi, membersApi } from "./members-api.ts"
import { endsWithin, Pause } from "./pause.ts"
import { Session } from "./session.ts"
import { Subscription } from "./subscription.ts"

const confirmTimeoutMs = 30_000

/** A member of a group, from `createConsumer` until it is closed; joins again as often as it has to. */
export class Consumer {
  readonly memberId: string
  /** Resolves with the first membership. Rejects when PartyMQ refuses it, or it is closed before. */
  readonly ready: Promise<void>
  readonly #options: ParsedOptions
  readonly #events = new Emitter<ConsumerEvents>()
  readonly #counts: ConsumerCounts = {
    assigned: 0,
    revoked: 0,
    fenced: 0,
    handled: 0,
    failed: 0,
    deadLettered: 0,
    reconnected: 0,
  }
  readonly #endpoint: Endpoint
  readonly #api: MembersApi
  readonly #deadLetters: DeadLetterWriter
  readonly #dispatcher: Dispatcher
  readonly #keys: KeyReading
  readonly #pause = new Pause()
  readonly #ended: Promise<void>
  #session: Session | undefined
  #isClosing = false
  #hasBeenUp = false
  #trouble = { detail: "", saidMs: 0 }
  #becameReady: () => void = () => {}
  #failed: (error: Error) => void = () => {}

  constructor(options: ParsedOptions) {
    this.#options = options
    this.memberId = options.memberId ?? `${hostname()}-${crypto.randomUUID()}`
    this.#endpoint = endpointOf({ ...options.amqp, confirmTimeoutMs })
    this.#api = membersApi({ ...options.http, topic: options.topic, group: options.group })
    this.#deadLetters = new DeadLetterWriter(this.#endpoint, `${this.#name} dead letters`)
    this.#keys = new KeyReading(options.key)
    const jobRun = new JobRun({
      ...options,
      poisoned: ({ delivery }, place, poison) => this.#deadLetters.write(place, delivery, poison),
      happened: (name, event) => this.#happened(name, event),
    })
    this.#dispatcher = new Dispatcher({
      concurrency: options.concurrency,
      mayStart: () => this.#session?.mayStart === true,
      run: (place, subscription, controller) => jobRun.run(place, subscription, controller),
    })
    this.ready = new Promise((resolve, reject) => {
      this.#becameReady = resolve
      this.#failed = reject
    })
    this.ready.catch(() => {})
    this.#ended = this.#run().catch((error: Error) => this.#failed(error))
  }

  /** Partitions that it is subscribed to, those included that it is giving back; ascending. */
  get partitions(): readonly number[] {
    return this.#session?.partitions ?? []
  }

  get counts(): Readonly<ConsumerCounts> {
    return { ...this.#counts }
  }

  /** Returns what ends the listening. */
  on<Name extends keyof ConsumerEvents>(
    name: Name,
    listener: (event: ConsumerEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Leaves the group. Goes on until others are subscribed to its partitions, which takes a heartbeat or
   * two of theirs, unless `handOver` is false; then starts nothing new, finishes and acks what runs. What
   * still runs after `timeoutMs` is told by its signal, and its messages go to others. Returns whether
   * all came to its end. Idempotent.
   */
  async close({ timeoutMs = 30_000, handOver = true }: CloseOptions = {}): Promise<boolean> {
    this.#isClosing = true
    this.#pause.end()
    this.#failed(new ConsumerError("closed", "the consumer was closed before it was ready"))
    const deadlineMs = performance.now() + timeoutMs
    const session = this.#session
    if (handOver && session !== undefined) {
      session.leave()
      await endsWithin(this.#ended, Math.min(timeoutMs / 2, session.handOverMs))
    }
    this.#session?.close()
    const isDrained = await endsWithin(this.#ended, deadlineMs - performance.now())
    if (!isDrained) {
      this.#session?.fence("close_timeout", `closing took over ${timeoutMs} ms`)
      await endsWithin(this.#ended, bounds.leaseCheckMs)
    }
    await this.#api.leave(this.memberId)
    await this.#deadLetters.close(bounds.fencedSettleMs)
    return isDrained
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosing; ) {
      const sinceMs = performance.now()
      const isFenced = await this.#beMember()
      const isYoung = performance.now() - sinceMs < bounds.stableConnectionMs
      failures = isYoung ? failures + 1 : 1
      if (isFenced && !this.#isClosing) await this.#backOff(failures)
    }
  }

  /** Connects, joins, and is a member until it is closed or fenced. Returns whether to try again. */
  async #beMember(): Promise<boolean> {
    let connection: Connection | undefined
    try {
      connection = await Connection.open(this.#endpoint, this.#name)
      const opening = connection.plainChannel()
      const control = await answered(bounds.requestTimeoutMs, opening, "opening a channel")
      const assignment = this.#isClosing ? undefined : await this.#join()
      if (assignment === undefined || this.#isClosing || connection.closed) return !this.#isClosing
      await this.#keys.learn(assignment.key)
      const askBroker = () => control.prefetch(1)
      this.#session = this.#newSession(connection, assignment, askBroker)
      if (this.#isClosing) this.#session.close()
      this.#joined()
      return (await this.#session.run()) === "fenced"
    } catch (error) {
      if (error instanceof ConsumerError) throw error
      this.#haveTrouble(error instanceof Error ? error.message : "unknown")
      return true
    } finally {
      this.#session = undefined
      await connection?.shut(bounds.fencedSettleMs)
      connection?.destroy()
    }
  }

  #joined(): void {
    if (this.#hasBeenUp) this.#happened("reconnected", { memberId: this.memberId })
    this.#hasBeenUp = true
    this.#becameReady()
  }

  /** @throws {ConsumerError} when PartyMQ refuses it, and has not had it as a member before */
  async #join(): Promise<Assignment | undefined> {
    const answer: Answer = await this.#api.join(this.memberId)
    if (answer.kind === "assigned") return answer.assignment
    if (answer.kind === "refused" && !this.#hasBeenUp) {
      throw new ConsumerError(answer.code, answer.detail)
    }
    this.#haveTrouble(answer.kind === "unknown_member" ? "PartyMQ refuses it" : answer.detail)
    return undefined
  }

  #newSession(
    connection: Connection,
    assignment: Assignment,
    askBroker: () => Promise<unknown>,
  ): Session {
    const { heartbeatSeconds } = this.#options.amqp
    return new Session({
      connection,
      assignment,
      askBroker,
      heartbeatSeconds,
      api: this.#api,
      subscribe: (partition, queue, ended) => this.#subscription(partition, queue, ended),
      subscribed: ({ place: { partition, queue } }) =>
        this.#happened("assigned", { partition, queue }),
      unsubscribed: (subscription, isHandedBack) => {
        this.#dispatcher.remove(subscription)
        const { partition, queue } = subscription.place
        if (isHandedBack) this.#happened("revoked", { partition, queue })
      },
      assigned: ({ key }) => this.#keys.learn(key),
      fenced: (reason: FenceReason, detail) =>
        this.#happened("fenced", { reason, detail, running: this.#dispatcher.running }),
      trouble: (detail) => this.#haveTrouble(detail),
    })
  }

  #subscription(partition: number, queue: string, ended: (reason: string) => void): Subscription {
    const { topic, group, prefetch } = this.#options
    const place = { topic, group, partition, queue }
    const readKeys = this.#keys.reader()
    const subscription = new Subscription({
      place,
      prefetch,
      ended,
      // By this PartyMQ knows whose connection it is when it cuts a member off.
      consumerTag: this.memberId,
      read(delivery) {
        const view = deliveryView(delivery)
        const { key, keys } = readKeys(view)
        return { message: consumedMessage(place, delivery, view, key), keys }
      },
      ready: () => this.#dispatcher.start(),
    })
    this.#dispatcher.add(subscription)
    return subscription
  }

  get #name(): string {
    const { topic, group } = this.#options
    return `partymq consumer ${topic}/${group} ${this.memberId}`
  }

  #happened<Name extends keyof ConsumerEvents>(name: Name, event: ConsumerEvents[Name]): void {
    if (name in this.#counts) this.#counts[name as keyof ConsumerCounts] += 1
    this.#events.emit(name, event)
  }

  /** What goes on is said now and then, not each time. */
  #haveTrouble(detail: string): void {
    const nowMs = performance.now()
    const isKnown = this.#trouble.detail === detail
    if (this.#isClosing || (isKnown && nowMs - this.#trouble.saidMs < bounds.stableConnectionMs)) {
      return
    }
    this.#trouble = { detail, saidMs: nowMs }
    this.#events.emit("trouble", { detail })
  }

  #backOff(failures: number): Promise<void> {
    const backoff = { firstMs: bounds.memberRetryFirstMs, maxMs: bounds.memberRetryMaxMs }
    return this.#pause.for(backoffDelayMs(backoff, failures, Math.random()))
  }
}
