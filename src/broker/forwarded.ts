import { asFirstDelivered, forwardable, withoutPriority } from "../wire/forwardable.ts"
import type { Connection } from "./connection.ts"
import type { Delivery } from "./content-reader.ts"
import { rabbitmqMajor } from "./rabbitmq-version.ts"

/**
 * The property list of a source message as it goes to the partition queues. One that cannot be read
 * is left alone; whoever needs something from it rejects the message.
 */
export function forwarded(
  { properties, redelivered }: Pick<Delivery, "properties" | "redelivered">,
  connection: Pick<Connection, "frameMax" | "serverProperties">,
): Uint8Array {
  const { frameMax } = connection
  try {
    const first = redelivered ? asFirstDelivered(properties) : properties
    const list = forwardable(first, frameMax)
    return hasPriorities(connection) ? withoutPriority(list, frameMax) : list
  } catch {
    return properties
  }
}

/** Whether quorum queues deliver by priority: then it would break the order of a key. */
const hasPriorities = (connection: Pick<Connection, "serverProperties">): boolean =>
  rabbitmqMajor(connection) >= 4
