import { decodeField } from "./field.ts"
import { asFirstDelivered } from "./forwardable.ts"
import { findExactHeader } from "./headers.ts"

export type QueueType = "quorum" | "classic"

/** A delivery, as far as it matters here. */
interface Delivered {
  readonly properties: Uint8Array
  readonly redelivered: boolean
}

const countHeader = new TextEncoder().encode("x-delivery-count")

/**
 * How often a queue has delivered a message before, as far as it tells. A quorum queue counts in a header,
 * with which it replaces one that a producer called so. A classic queue says only whether it has: there a
 * header of that name is the producer's, as it is anywhere in other letters.
 */
export function deliveredBefore(
  { properties, redelivered }: Delivered,
  queueType: QueueType | undefined,
): number {
  if (!redelivered) return 0
  const found = queueType === "quorum" ? findExactHeader(properties, countHeader) : undefined
  const count = found === undefined ? 0 : decodeField(properties, found)
  return Math.max(1, typeof count === "number" ? count : 0)
}

/**
 * The property list of a message as its producer sent it: without what a quorum queue adds when it
 * delivers again. A classic queue adds nothing.
 */
export const sentProperties = (
  { properties, redelivered }: Delivered,
  queueType: QueueType | undefined,
): Uint8Array =>
  redelivered && queueType !== "classic" ? asFirstDelivered(properties) : properties
