import type { Delivery } from "../../src/broker/content-reader.ts"
import { original } from "../../src/core/dead-letter.ts"
import { asFirstDelivered } from "../../src/wire/forwardable.ts"
import { eventIn, isIntact } from "./chaos-event.ts"
import type { DeliveryWatch } from "./queue-consumer.ts"

/** What arrived in the dead-letter queue: the poison, once or more often, and nothing else. */
export class DeadLetterWatch implements DeliveryWatch {
  readonly #seen = new Set<string>()
  /** Good messages that were given up. */
  readonly good: string[] = []
  altered = 0

  started(_worker: string, _partition: number, delivery: Delivery): () => void {
    const annotated = delivery.redelivered
      ? asFirstDelivered(delivery.properties)
      : delivery.properties
    const restored = { ...delivery, redelivered: false, properties: original(annotated) }
    const event = eventIn(restored)
    if (event === undefined || !isIntact(event, restored)) this.altered += 1
    else if (event.isPoison) this.#seen.add(event.id)
    else this.good.push(event.id)
    return () => {}
  }

  missing(poison: ReadonlySet<string>): readonly string[] {
    return [...poison].filter((id) => !this.#seen.has(id))
  }
}
