/** A message as the broker delivers it, of a queue that counts deliveries. */
export interface Counted {
  /** Deliveries before this one that came to nothing. */
  readonly deliveredBefore: number
  /** Nothing of its queue was delivered to this consumer before it: it is the queue's first. */
  readonly isFirst: boolean
}

export type Suspicion =
  | { readonly kind: "none" }
  /** It is to run alone, after the pause that follows so many failures. */
  | { readonly kind: "suspect"; readonly failures: number }
  /** It is to be handled no more. */
  | { readonly kind: "exhausted" }

/**
 * Whether a message seems to bring down whoever handles it. The broker's count alone does not tell: what a
 * lost consumer held beside that message, and what is handed over, counts as delivered, too. So:
 *
 * 1. From half of the deliveries on a message runs alone in its partition, and what is before it is acked
 *    by then. The one that is to blame thereby becomes the first of its queue.
 * 2. Only the first can be exhausted, and at multiples of `deliveriesMax` only: those behind it, delivered
 *    as often, have as many deliveries again in which to be handled.
 * 3. The first waits longer each time, so that what runs in other partitions comes to its end.
 */
export function suspicionOf(
  { deliveredBefore, isFirst }: Counted,
  deliveriesMax: number,
): Suspicion {
  const suspectFrom = Math.ceil(deliveriesMax / 2)
  if (deliveredBefore < suspectFrom) return { kind: "none" }
  if (!isFirst) return { kind: "suspect", failures: 1 }
  if (deliveredBefore % deliveriesMax === 0) return { kind: "exhausted" }
  return { kind: "suspect", failures: 1 + deliveredBefore - suspectFrom }
}
