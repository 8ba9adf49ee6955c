import * as v from "valibot"
import { type Contradiction, contradictions } from "./contradictions.ts"
import { amqpName, durationMs, integer, oneOf, routingKey } from "./fields.ts"
import { section } from "./section.ts"

const countMax = Number.MAX_SAFE_INTEGER

const fields = section({
  type: v.optional(oneOf(["quorum", "classic"]), "quorum"),
  maxLength: v.exactOptional(integer(1, countMax)),
  maxLengthBytes: v.exactOptional(integer(1, countMax)),
  overflow: v.exactOptional(oneOf(["drop-head", "reject-publish"])),
  messageTtlMs: v.exactOptional(durationMs()),
  deliveryLimit: v.exactOptional(integer(1, 1_000_000)),
  deadLetterExchange: v.exactOptional(amqpName),
  deadLetterRoutingKey: v.exactOptional(routingKey),
})

/**
 * A quorum queue with a length limit refuses what is over it unless told otherwise: the broker's own
 * default, dropping the oldest, would lose messages that were accepted. A classic queue has to be told:
 * whatever its overflow, it drops what is over its limit whenever its process starts, the oldest first
 * (seen on 3.10.8 and 4.0.5; unacked messages do not count for the limit until they come back).
 */
export const queueSchema = v.pipe(
  fields,
  contradictions(queueContradictions),
  v.transform((queue) =>
    hasLengthLimit(queue) ? { overflow: "reject-publish" as const, ...queue } : queue,
  ),
)

type Queue = v.InferOutput<typeof fields>

function queueContradictions(queue: Queue): Contradiction[] {
  const found: Contradiction[] = []
  const refuse = (field: keyof Queue, allowed: string) =>
    found.push({ path: [field], found: queue[field], allowed })
  if (queue.overflow !== undefined && !hasLengthLimit(queue)) {
    refuse("overflow", "nothing without maxLength or maxLengthBytes")
  }
  if (queue.overflow === undefined && hasLengthLimit(queue) && queue.type === "classic") {
    refuse(
      "overflow",
      '"reject-publish" or "drop-head" said outright, because with a length limit a classic queue ' +
        "loses messages when the broker restarts, whatever this says; a quorum queue does not",
    )
  }
  if (queue.deliveryLimit !== undefined && queue.type !== "quorum") {
    refuse("deliveryLimit", 'nothing unless type is "quorum"')
  }
  // Without a place to go to, a message at its limit is dropped by the broker.
  if (queue.deliveryLimit !== undefined && queue.deadLetterExchange === undefined) {
    refuse("deliveryLimit", "nothing without deadLetterExchange, or messages would be lost")
  }
  if (queue.deadLetterRoutingKey !== undefined && queue.deadLetterExchange === undefined) {
    refuse("deadLetterRoutingKey", "nothing without deadLetterExchange")
  }
  return found
}

function hasLengthLimit(queue: Queue): boolean {
  return queue.maxLength !== undefined || queue.maxLengthBytes !== undefined
}
