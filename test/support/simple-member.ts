import type { Connection } from "../../src/broker/connection.ts"
import type { Delivery } from "../../src/broker/content-reader.ts"
import { type QueueReader, readQueue } from "../../src/broker/queue-reader.ts"
import type { Assignment } from "../../src/group-coordinator.ts"
import { connect } from "./raw-client.ts"

export interface SimpleMemberOptions {
  readonly amqpUrl: string
  /** `…/v1/topics/{topic}/groups/{group}/members`. */
  readonly membersUrl: string
  readonly name: string
  /** Handles one message; those of a partition one after the other. */
  readonly handle: (member: string, partition: number, delivery: Delivery) => Promise<void>
}

/** A partition that it is subscribed to. */
interface Subscription {
  readonly reader: QueueReader
  readonly waiting: Delivery[]
  /** What is being handled, to its end. */
  work: Promise<void>
  isWorking: boolean
  isDraining: boolean
  /** Until its channel is closed. */
  drained: Promise<void> | undefined
}

/**
 * What any program has to do that wants to be a member of a group: subscribe to what it is assigned,
 * drain and close what it is no longer, and say so. As little as that takes, so that a test of it is a
 * test of the protocol.
 */
export class SimpleMember {
  readonly #options: SimpleMemberOptions
  #connection: Connection | undefined
  readonly #open = new Map<number, Subscription>()
  #actedOn = 0
  #id = ""
  #loop: Promise<void> | undefined
  #isStopped = false
  /** Times that it had to join again. */
  rejoined = 0

  constructor(options: SimpleMemberOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  /** Partitions that it is subscribed to. */
  get partitions(): readonly number[] {
    return [...this.#open.keys()].sort((a, b) => a - b)
  }

  async start(): Promise<void> {
    this.#connection = await connect(this.#options.amqpUrl)
    const assignment = await this.#join()
    this.#loop = this.#run(assignment)
  }

  /** Drains, closes and leaves. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#loop
    await Promise.all([...this.#open].map((each) => this.#drain(...each)))
    await fetch(`${this.#options.membersUrl}/${this.#id}`, { method: "DELETE" })
    await this.#connection?.shut(5_000)
  }

  /** Is gone without a word. */
  crash(): void {
    this.#isStopped = true
    for (const subscription of this.#open.values()) subscription.isDraining = true
    this.#connection?.destroy()
  }

  async #run(first: Assignment): Promise<void> {
    let assignment = first
    while (!this.#isStopped) {
      await this.#act(assignment)
      await Bun.sleep(assignment.heartbeatIntervalMs / 2)
      if (this.#isStopped) return
      assignment = (await this.#heartbeat()) ?? assignment
    }
  }

  /** `undefined` while PartyMQ is away: it goes on with what it has. */
  async #heartbeat(): Promise<Assignment | undefined> {
    const body = JSON.stringify({ generation: this.#actedOn, partitions: this.partitions })
    const init = { method: "PUT", body, headers: { "content-type": "application/json" } }
    const asking = fetch(`${this.#options.membersUrl}/${this.#id}`, init)
    const response = await asking.catch(() => undefined)
    if (response?.ok) return (await response.json()) as Assignment
    if (response?.status !== 404) return undefined
    this.rejoined += 1
    await Promise.all([...this.#open].map((each) => this.#drain(...each)))
    return this.#join()
  }

  async #join(): Promise<Assignment> {
    const response = await fetch(this.#options.membersUrl, { method: "POST" })
    const assignment = (await response.json()) as Assignment
    this.#id = assignment.memberId
    this.#actedOn = 0
    return assignment
  }

  async #act({ generation, partitions }: Assignment): Promise<void> {
    const wanted = new Map(partitions.map(({ partition, queue }) => [partition, queue]))
    const subscribing = [...wanted].map(async ([partition, queue]) => {
      // What is being given back and was assigned again: it is subscribed to anew.
      await this.#open.get(partition)?.drained
      if (!this.#open.has(partition)) await this.#subscribe(partition, queue)
    })
    await Promise.all(subscribing)
    this.#actedOn = generation
    for (const each of this.#open) if (!wanted.has(each[0])) this.#drain(...each)
  }

  async #subscribe(partition: number, queue: string): Promise<void> {
    const waiting: Delivery[] = []
    const reader = await readQueue(this.#connection!, queue, {
      prefetch: 20,
      delivered: (delivery) => {
        waiting.push(delivery)
        this.#work(partition)
      },
      ended: () => {},
    })
    const state = { isWorking: false, isDraining: false, drained: undefined }
    this.#open.set(partition, { reader, waiting, work: Promise.resolve(), ...state })
    this.#work(partition)
  }

  #work(partition: number): void {
    const subscription = this.#open.get(partition)
    if (subscription === undefined || subscription.isWorking) return
    subscription.isWorking = true
    subscription.work = this.#handleAll(partition, subscription).finally(() => {
      subscription.isWorking = false
    })
  }

  async #handleAll(partition: number, subscription: Subscription): Promise<void> {
    while (!subscription.isDraining) {
      const delivery = subscription.waiting.shift()
      if (delivery === undefined) return
      await this.#options.handle(this.#options.name, partition, delivery)
      subscription.reader.ackUpTo(delivery)
    }
  }

  /** Starts nothing new, finishes and acks what it has begun, closes the channel. */
  #drain(partition: number, subscription: Subscription): Promise<void> {
    const drain = async () => {
      subscription.isDraining = true
      await subscription.work
      await subscription.reader.close()
      this.#open.delete(partition)
    }
    subscription.drained ??= drain()
    return subscription.drained
  }
}
