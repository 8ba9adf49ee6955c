import { hostname } from "node:os"
import { answered } from "../broker/answered.ts"
import { Connection } from "../broker/connection.ts"
import { type Endpoint, endpointOf } from "../broker/endpoint.ts"
import { bounds } from "../core/bounds.ts"
import type { QueuePlace } from "./consumed-message.ts"
import { ConsumerError } from "./consumer-error.ts"
import type { ConsumerCounts, ConsumerEvents, FenceReason } from "./consumer-events.ts"
import type { CloseOptions, ParsedOptions } from "./consumer-options.ts"
import { DeadLetterWriter } from "./dead-letter-writer.ts"
import { Dispatcher } from "./dispatcher.ts"
import { EventBook } from "./event-book.ts"
import type { Job } from "./job.ts"
import { JobRun, type PutAway } from "./job-run.ts"
import { KeyReading } from "./key-reading.ts"
import { memberBackoffMs } from "./member-backoff-ms.ts"
import { type Answer, type Assignment, type MembersApi, membersApi } from "./members-api.ts"
import { newSubscription } from "./new-subscription.ts"
import { Parking } from "./parking.ts"
import { endsWithin, Pause } from "./pause.ts"
import type { Poison } from "./poison.ts"
import { Session } from "./session.ts"
import type { Subscription, SubscriptionOptions } from "./subscription.ts"

type PartitionQueue = Pick<QueuePlace, "partition" | "queue" | "queueType">
const confirmTimeoutMs = 30_000

/** A member of a group, from `createConsumer` until it is closed; joins again as often as it has to. */
export class Consumer {
  readonly memberId: string
  /** Resolves with the first membership. Rejects when PartyMQ refuses it, or it is closed before. */
  readonly ready: Promise<void>
  readonly #options: ParsedOptions
  readonly #events = new EventBook()
  readonly #endpoint: Endpoint
  readonly #api: MembersApi
  readonly #deadLetters: DeadLetterWriter
  readonly #dispatcher: Dispatcher
  readonly #keys: KeyReading
  readonly #pause = new Pause()
  readonly #ended: Promise<void>
  #session: Session | undefined
  /** Of the same membership, if keys are to be parked. */
  #parking: Parking | undefined
  #isClosing = false
  #hasBeenUp = false
  readonly #readiness = Promise.withResolvers<void>()

  constructor(options: ParsedOptions) {
    this.#options = options
    this.memberId = options.memberId ?? `${hostname()}-${crypto.randomUUID()}`
    this.#endpoint = endpointOf({ ...options.amqp, confirmTimeoutMs })
    this.#api = membersApi({ ...options.http, topic: options.topic, group: options.group })
    this.#deadLetters = new DeadLetterWriter(this.#endpoint, `${this.#name} dead letters`)
    this.#keys = new KeyReading(options.key)
    const isOurs = () => this.#session?.isOurs === true
    const mayStart = () => this.#session?.mayStart === true
    const jobRun = new JobRun({
      ...{ ...options, mayStart, isOurs },
      poisoned: (job, subscription, poison) => this.#putAway(job, subscription, poison),
      happened: (name, event) => this.#events.emit(name, event),
      troubled: (error) => this.#events.troubled(error),
    })
    this.#dispatcher = new Dispatcher({
      ...{ concurrency: options.concurrency, mayStart },
      run: async (place, subscription, controller) => {
        const delayMs = (failures: number) => jobRun.delayMs(failures)
        const isTaken = this.#parking && (await this.#parking.take(place, subscription, delayMs))
        if (!isTaken) await jobRun.run(place, subscription, controller)
      },
    })
    this.ready = this.#readiness.promise
    this.ready.catch(() => {})
    this.#ended = this.#run().catch((error: Error) => {
      this.#events.trouble(error.message)
      this.#readiness.reject(error)
    })
  }

  /** Partitions that it is subscribed to, those included that it is giving back; ascending. */
  get partitions(): readonly number[] {
    return this.#session?.partitions ?? []
  }

  get counts(): Readonly<ConsumerCounts> {
    return { ...this.#events.counts }
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
    this.#events.isClosing = true
    this.#pause.end()
    const closed = new ConsumerError("closed", "the consumer was closed before it was ready")
    this.#readiness.reject(closed)
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
      if (isFenced && !this.#isClosing) await this.#pause.for(memberBackoffMs(failures))
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
      if (this.#options.onPoison === "park-key") this.#parking = this.#newParking(connection)
      if (this.#isClosing) this.#session.close()
      this.#joined()
      return (await this.#session.run()) === "fenced"
    } catch (error) {
      if (error instanceof ConsumerError) throw error
      this.#events.troubled(error)
      return true
    } finally {
      this.#session = undefined
      this.#parking = undefined
      await connection?.shut(bounds.fencedSettleMs)
      connection?.destroy()
    }
  }

  #joined(): void {
    if (this.#hasBeenUp) this.#events.emit("reconnected", { memberId: this.memberId })
    this.#hasBeenUp = true
    this.#readiness.resolve()
  }

  /** @throws {ConsumerError} when PartyMQ refuses it, and has not had it as a member before */
  async #join(): Promise<Assignment | undefined> {
    const answer: Answer = await this.#api.join(this.memberId)
    if (answer.kind === "assigned") return answer.assignment
    if (answer.kind === "refused" && !this.#hasBeenUp) {
      throw new ConsumerError(answer.code, answer.detail)
    }
    this.#events.trouble(answer.kind === "unknown_member" ? "PartyMQ refuses it" : answer.detail)
    return undefined
  }

  #newSession(
    connection: Connection,
    assignment: Assignment,
    askBroker: () => Promise<unknown>,
  ): Session {
    return new Session({
      ...{ connection, assignment, askBroker, api: this.#api },
      mayStartAgain: () => this.#dispatcher.start(),
      subscribe: (partition, queue, ended) =>
        this.#subscription({ partition, queue, queueType: assignment.queueType }, ended),
      subscribed: (subscription) => {
        this.#parking?.subscribed(subscription)
        const { partition, queue } = subscription.place
        this.#events.emit("assigned", { partition, queue })
      },
      unsubscribed: (subscription, isHandedBack) => {
        this.#dispatcher.remove(subscription)
        this.#parking?.unsubscribed(subscription)
        const { partition, queue } = subscription.place
        if (isHandedBack) this.#events.emit("revoked", { partition, queue })
      },
      assigned: ({ key, parkedKeysVersion }) => {
        this.#parking?.sawVersion(parkedKeysVersion)
        return this.#keys.learn(key)
      },
      fenced: (reason: FenceReason, detail) =>
        this.#events.emit("fenced", { reason, detail, running: this.#dispatcher.running }),
      trouble: (detail) => this.#events.trouble(detail),
      troubled: (error) => this.#events.troubled(error),
    })
  }

  #subscription(queue: PartitionQueue, ended: SubscriptionOptions["ended"]): Subscription {
    const { topic, group, prefetch } = this.#options
    const parking = this.#parking
    const subscription = newSubscription({ topic, group, ...queue }, this.#keys, {
      ...{ prefetch, ended },
      // By this PartyMQ knows whose connection it is when it cuts a member off.
      consumerTag: this.memberId,
      ready: () => this.#dispatcher.start(),
      ...(parking && { admitted: () => parking.admit(subscription) }),
    })
    this.#dispatcher.add(subscription)
    return subscription
  }

  #newParking(connection: Connection): Parking {
    const { topic, group, prefetch, http } = this.#options
    return new Parking({
      ...{ connection, confirmTimeoutMs, prefetch, http: { ...http, topic, group } },
      ...{ consumerTag: this.memberId, dispatcher: this.#dispatcher, events: this.#events },
    })
  }

  async #putAway(job: Job, subscription: Subscription, poison: Poison): Promise<PutAway> {
    const { onPoison } = this.#options
    if (onPoison === "park-key" && !this.#parking) throw new Error("it is a member no more")
    const putAway = await this.#parking?.putAway(job, subscription, poison)
    if (putAway !== undefined) return putAway
    await this.#deadLetters.write(subscription.place, job.delivery, poison)
    return "deadLettered"
  }

  get #name(): string {
    const { topic, group } = this.#options
    return `partymq consumer ${topic}/${group} ${this.memberId}`
  }
}
