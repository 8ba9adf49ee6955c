import { bounds } from "../core/bounds.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { isMissing } from "./partition-queues.ts"
import { withChannel } from "./with-channel.ts"

/**
 * Whether the broker has such a queue.
 * @throws {BrokerError} when it cannot say
 */
export async function queueExists(connection: Connection, queue: string): Promise<boolean> {
  try {
    await withChannel(connection, `looking for "${queue}"`, (channel) =>
      channel.queueDeclare(queue, { passive: true }),
    )
    return true
  } catch (error) {
    if (isMissing(BrokerError.from(error, `cannot look for "${queue}"`))) return false
    throw error
  }
}

/**
 * Whether a queue that was gone can be consumed again. A quorum queue that is just being deleted or
 * declared has a name already, or still, and no process: to consume it then crashes the broker's
 * channel, which closes the whole connection with 541 (seen on RabbitMQ 3.10.8).
 * @throws {BrokerError} when the broker cannot say
 */
export async function isSettledAgain(connection: Connection, queue: string): Promise<boolean> {
  if (!(await queueExists(connection, queue))) return false
  await Bun.sleep(bounds.queueSettleMs)
  return queueExists(connection, queue)
}
