import { messageView } from "../../core/message-view.ts"
import type { Arrival } from "../../core/pull/lease.ts"
import { pulledKey } from "../../core/pull/pulled-key.ts"
import type { TopicRoute } from "../../core/route.ts"
import type { Connection } from "../connection.ts"
import type { Delivery } from "../content-reader.ts"
import { forwarded } from "../forwarded.ts"
import type { Pulled } from "./group-pull.ts"

/** What a partition queue has delivered, as it is held for those who pull. */
export function arrival(
  route: TopicRoute,
  { partition, queue }: Pick<Pulled, "partition" | "queue">,
  delivery: Delivery,
  connection: Connection,
): Arrival<Pulled> {
  const { deliveryTag, body } = delivery
  const { frameMax } = connection
  const properties = forwarded(delivery, connection)
  const { key, exclusive } = pulledKey(route, partition, messageView(properties, body))
  const message: Pulled = {
    ...{ partition, queue, deliveryTag, frameMax, key, properties, body },
    deliveredBefore: deliveredBefore(delivery),
  }
  return { partition, message, bytes: bytesOf(delivery), keys: exclusive }
}

export const bytesOf = ({ properties, body }: Pick<Delivery, "properties" | "body">): number =>
  properties.length + body.length

const nothing = new Uint8Array(0)

/** How often a message was delivered before, as far as its queue tells: classic ones say only whether. */
function deliveredBefore({ properties, redelivered }: Delivery): number {
  if (!redelivered) return 0
  try {
    const count = messageView(properties, nothing).header("x-delivery-count")
    return typeof count === "number" && count > 0 ? count : 1
  } catch {
    return 1
  }
}
