import type { Place } from "../core/consume/keyed-queue.ts"
import type { Job } from "./job.ts"
import type { Subscription } from "./subscription.ts"

export interface DispatcherOptions {
  /** Messages that run at once, of all partitions. */
  readonly concurrency: number
  /** Whether what was delivered is certainly ours; asked before every start. */
  readonly mayStart: () => boolean
  /** Deals with a message; must not reject. */
  readonly run: (
    place: Place<Job>,
    subscription: Subscription,
    controller: AbortController,
  ) => Promise<void>
}

/** Starts what may start, a message of each partition in turn. */
export class Dispatcher {
  readonly #options: DispatcherOptions
  #subscriptions: readonly Subscription[] = []
  #next = 0
  #running = 0
  #isStarting = false

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  /** Messages that run. */
  get running(): number {
    return this.#running
  }

  add(subscription: Subscription): void {
    this.#subscriptions = [...this.#subscriptions, subscription]
  }

  remove(subscription: Subscription): void {
    this.#subscriptions = this.#subscriptions.filter((each) => each !== subscription)
  }

  start(): void {
    // A handler's first part runs within `#begin`, and may lead here.
    if (this.#isStarting) return
    this.#isStarting = true
    try {
      while (this.#running < this.#options.concurrency && this.#options.mayStart()) {
        if (!this.#startOne()) return
      }
    } finally {
      this.#isStarting = false
    }
  }

  #startOne(): boolean {
    const all = this.#subscriptions
    for (let tried = 0; tried < all.length; tried++) {
      const subscription = all[this.#next % all.length]!
      this.#next = (this.#next + 1) % all.length
      const place = subscription.take()
      if (place === undefined) continue
      this.#begin(place, subscription)
      return true
    }
    return false
  }

  #begin(place: Place<Job>, subscription: Subscription): void {
    this.#running += 1
    const controller = subscription.begin()
    this.#options.run(place, subscription, controller).finally(() => {
      this.#running -= 1
      subscription.end(controller)
      this.start()
    })
  }
}
