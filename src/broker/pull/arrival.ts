import { messageView } from "../../core/message-view.ts"
import type { Arrival } from "../../core/pull/lease.ts"
import { pulledKey } from "../../core/pull/pulled-key.ts"
import type { TopicRoute } from "../../core/route.ts"
import { deliveredBefore, type QueueType } from "../../wire/redelivery.ts"
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
  queueType: QueueType,
): Arrival<Pulled> {
  const { deliveryTag, body } = delivery
  const { frameMax } = connection
  const properties = forwarded(delivery, connection, queueType)
  const { key, exclusive } = pulledKey(route, partition, messageView(properties, body))
  const message: Pulled = {
    ...{ partition, queue, deliveryTag, frameMax, key, properties, body },
    deliveredBefore: before(delivery, queueType),
  }
  return { partition, message, bytes: bytesOf(delivery), keys: exclusive }
}

export const bytesOf = ({ properties, body }: Pick<Delivery, "properties" | "body">): number =>
  properties.length + body.length

/** Also of a message whose headers are malformed. */
function before(delivery: Delivery, queueType: QueueType): number {
  try {
    return deliveredBefore(delivery, queueType)
  } catch {
    return 1
  }
}
