import type { Expected } from "../support/order-oracle.ts"
import type { ChaosEvent } from "./chaos-event.ts"

/** What all producers together were promised: confirmed by the broker, or answered 202 by the router. */
export class Ledger {
  readonly #confirmed: Expected[] = []
  readonly #poison = new Set<string>()
  /** Sent again because it was not known what had become of it: may arrive that much oftener. */
  resent = 0
  readonly perDoor = { amqp: 0, http: 0 }
  /** Of them in a dress, see `dress.ts`. */
  dressed = 0
  /** Answers and refusals that no fault explains. */
  readonly violations: string[] = []

  /** Good ones only. */
  get confirmed(): readonly Expected[] {
    return this.#confirmed
  }

  /** Ids of poison messages in the source: each has to be dead-lettered. */
  get poison(): ReadonlySet<string> {
    return this.#poison
  }

  confirm(door: "amqp" | "http", event: ChaosEvent): void {
    this.perDoor[door] += 1
    if (event.dress !== undefined) this.dressed += 1
    if (event.isPoison) this.#poison.add(event.id)
    else this.#confirmed.push({ key: event.key, revision: event.revision })
  }
}
