import type { BytePool, ByteShare } from "../../core/byte-pool.ts"
import type { Lane } from "../../core/lane.ts"
import type { Connection } from "../connection.ts"
import { IntakeChannel } from "../intake-channel.ts"
import { ClientWay, type ClientWayOptions } from "./client-way.ts"

export interface ForwardingOptions extends ClientWayOptions {
  readonly connection: Connection
  readonly queue: string
  readonly prefetch: number
  /** Whether to keep others away; where the queue knows exclusive consumers. */
  readonly exclusive: boolean
  /** Whether it is a quorum queue of a single active consumer: acks are made sure of at the end. */
  readonly settlesAcks: boolean
  readonly deadLetters: Lane
  readonly pool: BytePool
  /** All that has come is settled. */
  readonly idle: () => void
  /** The broker ended it. */
  readonly ended: (reason: string) => void
  readonly held: () => void
}

/** One queue that is read and published on, verbatim and in order; acked as far as all is confirmed. */
export class Forwarding {
  readonly #options: ForwardingOptions
  readonly #consuming: IntakeChannel
  readonly #way: ClientWay
  readonly #share: ByteShare
  #isTaking = true
  /** Messages that can be published nowhere: they stay in the queue. */
  heldCount = 0
  /** Something came while there was no room: it comes again on the next channel. */
  hasMissed = false
  #closed: Promise<void> | undefined

  constructor(options: ForwardingOptions) {
    this.#options = options
    const { connection, queue, prefetch, pool, deadLetters, idle, ended } = options
    this.#share = pool.share()
    this.#way = new ClientWay(options)
    this.#consuming = new IntakeChannel({
      ...{ connection, queue, prefetch, dispatch: this.#way, deadLetters, budget: this.#share },
      takes: () => {
        if (this.#isTaking && !this.#share.hasRoom()) this.hasMissed = true
        return this.#isTaking && !this.hasMissed
      },
      held: () => {
        this.heldCount += 1
        options.held()
      },
      idle,
      ended: (reason) => this.#isTaking && ended(reason),
    })
  }

  /** Acks that were sent. */
  get ackCount(): number {
    return this.#consuming.ackCount
  }

  /** Deliveries that have not settled. */
  get inFlight(): number {
    return this.#consuming.size
  }

  /** @throws {Error} when the queue cannot be consumed */
  open(): Promise<void> {
    return this.#consuming.open(this.#options.exclusive)
  }

  /** Resolves once all has come that was on its way. */
  arrived(): Promise<void> {
    return this.#consuming.arrived()
  }

  /**
   * Takes nothing more, waits until what has come is settled, and closes the channel: what is not acked
   * goes back to its place.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#isTaking = false
    const { connection, settlesAcks } = this.#options
    // A queue that is full would never let go of what waits for it.
    this.#way.abandon()
    // What is on its way may arrive however late: until then nobody else may have what follows it.
    const isOpen = () => this.inFlight > this.#way.returnedCount
    while (isOpen() && !connection.closed) await Bun.sleep(2)
    if (settlesAcks) await this.#consuming.settleAcks(true)
    await this.drop()
  }

  /** Closes at once; what is under way may come again. */
  async drop(): Promise<void> {
    this.#isTaking = false
    const closing = this.#consuming.close()
    this.#way.close()
    await closing
  }
}
