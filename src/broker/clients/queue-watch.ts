import { bounds } from "../../core/bounds.ts"
import type { ClientsEvent } from "../../core/clients/clients-event.ts"
import type { ClientsState } from "../../core/clients/clients-state.ts"
import { watched } from "../../core/clients/clients-view.ts"
import type { Log } from "../../log.ts"
import { BrokerError } from "../broker-error.ts"
import { type LookOptions, lookAtQueue } from "./look-at-queue.ts"

export interface QueueWatchOptions
  extends Pick<LookOptions, "connection" | "management" | "exchange" | "now"> {
  readonly state: () => ClientsState
  readonly routingKey: (client: string) => string
  readonly happen: (event: ClientsEvent) => void
  readonly log: Log
}

/** Looks at the queues of clients that something waits for, one round at a time. */
export class QueueWatch {
  readonly #options: QueueWatchOptions
  #isLooking = false
  #said: string | undefined

  constructor(options: QueueWatchOptions) {
    this.#options = options
  }

  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { state, routingKey, happen, ...asked } = this.#options
    let trouble: string | undefined
    for (const client of watched(state())) {
      try {
        const known = state().clients.get(client)
        const isYoung =
          known !== undefined &&
          known.phase !== "gone" &&
          asked.now() - known.sinceMs < bounds.totalsYouthMs
        const options = { ...asked, routingKey: routingKey(client), queue: known?.queue, isYoung }
        const looked = await lookAtQueue(options)
        happen({ kind: "looked", client, ...looked })
      } catch (error) {
        // One that cannot be looked at must not hold up the others.
        trouble ??= BrokerError.from(
          error,
          `cannot look at the queue of client "${client}"`,
        ).message
      }
    }
    if (trouble === undefined) this.#said = undefined
    else this.#say(trouble)
    this.#isLooking = false
  }

  #say(reason: string): void {
    if (reason === this.#said) return
    this.#said = reason
    this.#options.log.warn({ reason }, "what moves between clients waits")
  }
}
