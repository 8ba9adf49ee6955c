import { forwardable, withoutPriority } from "../wire/forwardable.ts"
import { hasProperty } from "../wire/properties.ts"
import { type QueueType, sentProperties } from "../wire/redelivery.ts"
import type { Connection } from "./connection.ts"
import type { Delivery } from "./content-reader.ts"
import { rabbitmqMajor } from "./rabbitmq-version.ts"

/**
 * The property list of a source message as it goes to the partition queues. One that cannot be read
 * is left alone; whoever needs something from it rejects the message.
 * @param queueType of the queue that it was delivered from, where that is known
 */
export function forwarded(
  delivery: Pick<Delivery, "properties" | "redelivered">,
  connection: Pick<Connection, "frameMax" | "serverProperties">,
  queueType?: QueueType,
): Uint8Array {
  const { frameMax } = connection
  try {
    const list = forwardable(sentProperties(delivery, queueType), frameMax)
    const moves = hasProperty(list, "priority") && hasPriorities(connection)
    return moves ? withoutPriority(list, frameMax) : list
  } catch {
    return delivery.properties
  }
}

/** Whether quorum queues deliver by priority: then it would break the order of a key. */
const hasPriorities = (connection: Pick<Connection, "serverProperties">): boolean =>
  rabbitmqMajor(connection) >= 4
