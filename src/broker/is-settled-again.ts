import { bounds } from "../core/bounds.ts"
import type { Connection } from "./connection.ts"
import { queueExists } from "./exists.ts"

/**
 * Whether a queue that was gone can be consumed again. A quorum queue that is just being deleted or
 * declared has a name still, or already, and no process: to consume it then crashes the broker's
 * channel, which closes the whole connection with 541 (RabbitMQ 3.10.8 and 4.0.5).
 * @throws {BrokerError} when the broker cannot say
 */
export async function isSettledAgain(connection: Connection, queue: string): Promise<boolean> {
  if (!(await queueExists(connection, queue))) return false
  await Bun.sleep(bounds.queueSettleMs)
  return queueExists(connection, queue)
}
