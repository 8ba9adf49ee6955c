import type { Connection } from "../../src/broker/connection.ts"
import { countMessages } from "../../src/broker/dead-letters.ts"
import { until } from "./until.ts"

/**
 * Waits until a queue has so many messages ready: what an ack takes out, or the end of a connection
 * gives back, a quorum queue counts a little later.
 */
export async function expectMessages(
  connection: Connection,
  queue: string,
  count: number,
): Promise<void> {
  let found: number | undefined
  const isThere = async () => {
    found = await countMessages(connection, queue)
    return found === count
  }
  await until(isThere, { what: () => `${count} messages in "${queue}", which has ${found}` })
}
