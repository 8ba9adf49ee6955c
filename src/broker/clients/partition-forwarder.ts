import { bounds } from "../../core/bounds.ts"
import type { Lane } from "../../core/lane.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import { isSettledAgain } from "../is-settled-again.ts"
import { Forwarding, type ForwardingOptions } from "./forwarding.ts"
import { passive } from "./look-at-queue.ts"

type Shared = Pick<
  ForwardingOptions,
  "connection" | "group" | "stats" | "deadLetters" | "pool" | "held" | "settlesAcks"
>

export interface PartitionForwarderOptions extends Shared {
  readonly partition: number
  /** The queues to forward, in order: fronts, then the partition queue. */
  readonly queues: () => readonly string[]
  readonly laneOf: (client: string) => Lane
  /** Nothing is under way any more. */
  readonly stopped: () => void
  readonly returned: (client: string) => void
  /** A front has nothing left. */
  readonly emptied: (queue: string) => Promise<void>
  readonly failed: (reason: string) => void
}

/** Forwards one partition, to one client at a time: it stops before it starts for another. */
export class PartitionForwarder {
  readonly #options: PartitionForwarderOptions
  #wanted: string | undefined
  #running: { readonly client: string; readonly queue: string; forwarding: Forwarding } | undefined
  #isTurning = false
  #isClosed = false
  /** The queue may be gone, or just being deleted. */
  #hasFailed = false
  #retry: ReturnType<typeof setTimeout> | undefined
  #check: ReturnType<typeof setTimeout> | undefined

  constructor(options: PartitionForwarderOptions) {
    this.#options = options
  }

  /** Nothing is under way, and nothing is about to be. */
  get isStopped(): boolean {
    return this.#running === undefined && !this.#isTurning
  }

  /** To be forwarded to that client from now on, or to nobody. */
  aim(client: string | undefined): void {
    this.#wanted = client
    this.#turn()
  }

  /** There is room again: what was let go comes anew. */
  #relieve(): void {
    const forwarding = this.#running?.forwarding
    if (forwarding?.hasMissed && forwarding.inFlight === 0) this.#restart()
  }

  /** The connection is gone, or is given up. */
  close(): void {
    this.#isClosed = true
    this.#wanted = undefined
    clearTimeout(this.#retry)
    clearTimeout(this.#check)
    const running = this.#running
    this.#running = undefined
    running?.forwarding.drop().catch(() => {})
  }

  /** Resolves once nothing is under way. */
  async drain(): Promise<void> {
    this.aim(undefined)
    while (!this.isStopped && !this.#isClosed) await Bun.sleep(2)
  }

  #restart(): void {
    const running = this.#running
    if (running === undefined || this.#isTurning) return
    this.#isTurning = true
    this.#stop().finally(() => {
      this.#isTurning = false
      this.#turn()
    })
  }

  /** One change after the other, until what runs is what is wanted. */
  async #turn(): Promise<void> {
    if (this.#isTurning || this.#isClosed) return
    this.#isTurning = true
    clearTimeout(this.#retry)
    let isFailed = false
    let hasStopped = false
    while (!this.#isClosed && !isFailed && this.#running?.client !== this.#wanted) {
      if (this.#running !== undefined) {
        await this.#stop()
        hasStopped = true
      } else isFailed = !(await this.#start(this.#wanted!))
    }
    this.#isTurning = false
    if (this.#isClosed) return
    if (isFailed) this.#retry = setTimeout(() => this.#turn(), bounds.clientsLockRetryMs)
    else if (this.#running === undefined) {
      // Who aims at nobody sees for itself whether anything was under way.
      if (hasStopped) this.#options.stopped()
    }
    // There may have been room again while it was starting.
    else this.#relieve()
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#check)
    await this.#running?.forwarding.close()
    this.#running = undefined
  }

  async #start(client: string): Promise<boolean> {
    const { queues, laneOf, partition, returned, failed, ...shared } = this.#options
    const [queue, ...behind] = queues()
    if (queue === undefined) return false
    const lane = laneOf(client)
    const forwarding: Forwarding = new Forwarding({
      ...shared,
      queue,
      prefetch: bounds.forwardPrefetch,
      exclusive: false,
      wayOf: () => ({ lane, partition }),
      returned: () => returned(client),
      idle: () => {
        if (forwarding.hasMissed) setTimeout(() => this.#relieve(), 0)
      },
      ended: (reason) => {
        if (this.#running?.forwarding !== forwarding) return
        this.#hasFailed = true
        failed(reason)
        this.#restart()
      },
    })
    this.#running = { client, queue, forwarding }
    try {
      if (this.#hasFailed && !(await isSettledAgain(shared.connection, queue))) {
        throw new BrokerError(`cannot consume queue "${queue}": there is no such queue`)
      }
      await forwarding.open()
      this.#hasFailed = false
    } catch (error) {
      this.#hasFailed = true
      failed(error instanceof Error ? error.message : "cannot consume")
      await forwarding.drop()
      this.#running = undefined
      return false
    }
    if (behind.length > 0) this.#watchFront(shared.connection, queue, forwarding)
    return true
  }

  /** A front only gets shorter: once it is empty, and nobody else has any of it, its time is over. */
  #watchFront(connection: Connection, queue: string, forwarding: Forwarding): void {
    const look = async () => {
      const isIdle = () =>
        forwarding.inFlight === 0 && forwarding.heldCount === 0 && !forwarding.hasMissed
      const before = isIdle()
      const counts = await passive(connection, queue).catch(() => ({ ready: 1, consumers: 1 }))
      if (this.#running?.forwarding !== forwarding || this.#isTurning || this.#isClosed) return
      const isEmpty = counts === undefined || (counts.ready === 0 && counts.consumers === 1)
      if (!before || !isIdle() || !isEmpty) {
        this.#check = setTimeout(look, bounds.clientLookIntervalMs)
        return
      }
      this.#isTurning = true
      try {
        await this.#stop()
        await this.#options.emptied(queue)
      } catch {
        // It is read again, and found to be empty once more.
      } finally {
        this.#isTurning = false
        this.#turn()
      }
    }
    this.#check = setTimeout(look, 0)
  }
}
