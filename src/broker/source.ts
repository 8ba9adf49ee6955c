import { backoffDelayMs } from "../core/backoff.ts"
import { bounds } from "../core/bounds.ts"
import type { HoldReason } from "../core/outcome.ts"
import { answered } from "./answered.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { IntakeChannel } from "./intake-channel.ts"
import { isHeldByAnother } from "./refusal.ts"
import type { SourceOptions } from "./source-options.ts"
import { lockSource, prepareSourceQueue } from "./source-queue.ts"

/**
 * Reads one source queue: one router at a time, manual acks, bounded prefetch. When the channel or
 * the queue goes away while the connection lives, it starts again on the same connection.
 */
export class Source {
  readonly #options: SourceOptions
  #connection: Connection | undefined
  #consuming: IntakeChannel | undefined
  #isSingleActive = true
  #failures = 0
  #attempt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #hasWarned = false
  #isTaking = true
  /**
   * There has been no room for long: what comes is let go, to come again on a new channel, and there is
   * none before there is room.
   */
  #isLettingGo = false

  constructor(options: SourceOptions) {
    this.#options = options
  }

  /** Why nothing is read, for people; `undefined` while it is consuming or standing by. */
  problem: string | undefined = "not connected yet"

  get queue(): string {
    return this.#options.config.queue
  }

  /** Deliveries that have not settled. */
  get inFlight(): number {
    return this.#consuming?.size ?? 0
  }

  /** Starts on a new connection. Does not fail: what goes wrong is tried again. */
  async open(connection: Connection): Promise<void> {
    if (!this.#isTaking) return
    this.#connection = connection
    if (this.#options.budget.isExhausted) {
      // By what came on an earlier channel and is still on its way; nothing would tell that it is too much.
      this.#isLettingGo = true
      this.problem = undefined
      this.#openIn(roomCheckMs, connection)
      return
    }
    try {
      this.#attempt += 1
      const consuming = this.#consume(connection, this.#attempt)
      await answered(bounds.sourceSetUpTimeoutMs, consuming, "consuming")
      if (this.#failures > 0) {
        const { log, topic, config } = this.#options
        log.info({ topic, queue: config.queue }, "source is consumed again")
      }
      this.#failures = 0
      this.problem = undefined
    } catch (error) {
      this.#startAgain(connection, BrokerError.from(error, "cannot consume").message)
    }
  }

  /** The connection is gone; what was not acked will be redelivered. */
  lost(): void {
    this.#connection = undefined
    this.#drop()
    this.problem = "not connected"
  }

  /**
   * Stops taking messages without giving back what is in flight: later deliveries are ignored, and
   * return to the queue when the channel closes.
   */
  stopTaking(): void {
    clearTimeout(this.#retry)
    this.#isTaking = false
  }

  /**
   * Before its channel or the connection is closed, with nothing taken any more: what has settled by now
   * must not come again. Without an answer from the broker some of it may.
   */
  async settleAcks(): Promise<void> {
    await this.#consuming?.settleAcks(this.#isSingleActive)
  }

  /** Whether messages are let go. */
  get isLettingGo(): boolean {
    return this.#isLettingGo
  }

  /**
   * Keeps nothing more of what comes until all that was taken has settled, and then consumes anew, from
   * the first message that was let go. For when reading has to go on although there is no room: what
   * is not read for long costs the connection, and so a delivery of everything, again and again.
   */
  letGo(): void {
    this.#isLettingGo = true
    if (this.inFlight === 0) this.#consumeAnew()
  }

  #consumeAnew(): void {
    const [connection, consuming] = [this.#connection, this.#consuming]
    if (!this.#isLettingGo || connection === undefined || consuming === undefined) return
    // Not from within what has just settled.
    setTimeout(async () => {
      await this.settleAcks()
      if (this.#consuming !== consuming || !this.#isTaking) return
      await this.#drop()
      if (this.#connection === connection) await this.open(connection)
    }, 0)
  }

  async #consume(connection: Connection, attempt: number): Promise<void> {
    const { config } = this.#options
    const { isSingleActive } = await prepareSourceQueue(connection, config)
    if (!isSingleActive) {
      this.#warnOnce()
      await lockSource(connection, this.#options.topic)
    }
    // It took so long that another attempt has begun.
    if (attempt !== this.#attempt) return
    const { dispatch, deadLetters, budget } = this.#options
    const consuming: IntakeChannel = new IntakeChannel({
      ...{ connection, queue: config.queue, prefetch: config.prefetch },
      ...{ dispatch, deadLetters, budget },
      takes: () => this.#isTaking && !this.#isLettingGo,
      held: (reason) => this.#held(reason),
      idle: () => this.#consumeAnew(),
      ended: (reason) => this.#ended(consuming, reason),
    })
    this.#isLettingGo = false
    this.#isSingleActive = isSingleActive
    this.#consuming = consuming
    // Keeps consumers of others away, where the queue knows exclusive consumers: quorum queues do not.
    await consuming.open(!isSingleActive)
  }

  #held(reason: HoldReason): void {
    const { log, topic, config, dispatch } = this.#options
    const { heldMessages } = dispatch.stats
    const fields = { topic, queue: config.queue, reason }
    if (heldMessages === 1) {
      log.error(fields, "the broker takes a message nowhere, not even as a dead letter: it is held")
    }
    if (heldMessages < config.prefetch) return
    this.problem = `the broker takes ${heldMessages} of its messages nowhere, and gives no others`
    log.error(fields, "all that the source may have in flight is held: nothing more is read")
  }

  #ended(consuming: IntakeChannel, reason: string): void {
    const connection = this.#connection
    // A lost connection takes its channels along, and says so itself.
    if (this.#consuming !== consuming || connection === undefined || connection.closed) return
    this.#startAgain(connection, reason)
  }

  #startAgain(connection: Connection, reason: string): void {
    if (this.#connection !== connection) return
    this.#drop()
    const isStandby = isHeldByAnother(reason)
    const isNews = this.#failures === 0 || this.problem !== (isStandby ? undefined : reason)
    this.problem = isStandby ? undefined : reason
    this.#failures += 1
    const { log, topic, config, backoff } = this.#options
    if (isNews) {
      const what = isStandby ? "another consumer has the source; standing by" : "source interrupted"
      log.warn({ topic, queue: config.queue, reason }, what)
    }
    this.#openIn(backoffDelayMs(backoff, this.#failures, Math.random()), connection)
  }

  #openIn(delayMs: number, connection: Connection): void {
    this.#retry = setTimeout(() => {
      if (this.#connection === connection) this.open(connection)
    }, delayMs)
  }

  async #drop(): Promise<void> {
    // An attempt that is under way has come too late.
    this.#attempt += 1
    this.#isLettingGo = false
    clearTimeout(this.#retry)
    const consuming = this.#consuming
    this.#consuming = undefined
    await consuming?.close()
  }

  #warnOnce(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    const { log, topic, config } = this.#options
    log.warn(
      { topic, queue: config.queue },
      "the source queue is not single-active: it is consumed exclusively, and consumers of others must stay away from it",
    )
  }
}

const roomCheckMs = 20
