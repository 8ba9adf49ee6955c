import type { Pulled } from "../../broker/pull/group-pull.ts"
import type { Lease } from "../../core/pull/lease.ts"
import { shownKey } from "../../shown-key.ts"
import { shownMessage } from "../../shown-message.ts"
import { keyMembers } from "../outcome-response.ts"

/**
 * A message that was given out, as JSON. Whatever is in its properties, it can be said: those that are
 * malformed, or nested too deeply, are left out.
 *
 * @param otherId for a message without an id
 */
export function pulledText(
  { message, deliveries }: Lease<Pulled>,
  receipt: string,
  otherId: string | null,
): string {
  const { key, partition, deliveredBefore, body } = message
  const deliveryCount = deliveredBefore + deliveries
  const told = (shown: object) =>
    JSON.stringify({
      ...{ receipt, id: otherId, ...keyMembers(key), partition, deliveryCount },
      ...shown,
    })
  try {
    return told(shownMessage(message))
  } catch {
    const { value, encoding } = shownKey(body)
    return told({
      headers: {},
      ...(encoding === "utf-8" ? { body: value } : { bodyBase64: value }),
    })
  }
}
