import { backoffDelayMs } from "../core/backoff.ts"
import type { Place } from "../core/consume/keyed-queue.ts"
import { type Handler, runHandler } from "./attempt.ts"
import type { ConsumerEvents } from "./consumer-events.ts"
import type { Job } from "./job.ts"
import { isHopeless, type Poison, poisonOf } from "./poison.ts"
import type { Subscription } from "./subscription.ts"

export interface JobRunOptions {
  readonly handler: Handler
  readonly handlerTimeoutMs: number
  /** Asked again as the handler is about to begin. */
  readonly mayStart: () => boolean
  /** Whether what was delivered is certainly ours; asked before a message is put away. */
  readonly isOurs: () => boolean
  readonly retry: {
    readonly attempts: number
    readonly backoffMs: number
    readonly backoffMaxMs: number
  }
  /** Puts a message away that is to be handled no more. Rejecting, it is asked again later. */
  readonly poisoned: (job: Job, subscription: Subscription, poison: Poison) => Promise<PutAway>
  readonly happened: <Name extends keyof ConsumerEvents>(
    name: Name,
    event: ConsumerEvents[Name],
  ) => void
  /** A message could not be put away, which is tried again. */
  readonly troubled: (error: unknown) => void
}

/** `kept`: its key is parked, and it stays where it is, in the parking queue. */
export type PutAway = "deadLettered" | "parked" | "kept"

/** What becomes of a message from its start on: handled, tried again, or put away. */
export class JobRun {
  readonly #options: JobRunOptions

  constructor(options: JobRunOptions) {
    this.#options = options
  }

  /** Never rejects. What it does not say to be done stays unacked, for whoever gets it next. */
  async run(
    place: Place<Job>,
    subscription: Subscription,
    controller: AbortController,
  ): Promise<void> {
    const { item: job } = place
    if (job.poison === undefined) await this.#handle(place, subscription, controller)
    if (job.poison !== undefined && !subscription.isLost) {
      await this.#putAway(place, subscription, job.poison)
    }
  }

  async #handle(
    place: Place<Job>,
    subscription: Subscription,
    controller: AbortController,
  ): Promise<void> {
    const { handler, handlerTimeoutMs, retry, mayStart, happened } = this.#options
    const { item: job } = place
    // It may have waited to hear whether its key is parked, and its partition be lost meanwhile.
    if (!mayStart() || subscription.isTold) return subscription.retry(place)
    const { message } = job
    const attempt = job.failures + 1
    const outcome = await runHandler(handler, message, attempt, controller, handlerTimeoutMs)
    // A run that was told to stop because of the partition says nothing about the message.
    if (subscription.isLost || subscription.isTold) return
    if (outcome.kind === "handled") {
      subscription.done(place)
      return happened("handled", { message })
    }
    const { error } = outcome
    job.failures = attempt
    const isLast = attempt >= retry.attempts || isHopeless(error)
    const willRetry = !isLast && !subscription.isStopped
    if (isLast) job.poison = poisonOf(error, attempt)
    else subscription.retryLater(place, this.delayMs(attempt))
    happened("failed", { message, error, attempt, willRetry })
  }

  async #putAway(place: Place<Job>, subscription: Subscription, poison: Poison): Promise<void> {
    const { poisoned, isOurs, happened, troubled } = this.#options
    const { item: job } = place
    // Another may have it by now, and handle it well.
    if (!isOurs()) return subscription.retry(place)
    let putAway: PutAway
    try {
      putAway = await poisoned(job, subscription, poison)
    } catch (error) {
      job.poisonFailures += 1
      subscription.retryLater(place, this.delayMs(job.poisonFailures))
      return troubled(error)
    }
    if (subscription.isLost) return
    if (putAway !== "kept") subscription.done(place)
    const event = putAway === "deadLettered" ? "deadLettered" : "parked"
    happened(event, { message: job.message, detail: poison.detail })
  }

  /** The wait after so many failures. */
  delayMs(failures: number): number {
    const { backoffMs: firstMs, backoffMaxMs } = this.#options.retry
    const backoff = { firstMs, maxMs: Math.max(firstMs, backoffMaxMs) }
    return backoffDelayMs(backoff, failures, Math.random())
  }
}
