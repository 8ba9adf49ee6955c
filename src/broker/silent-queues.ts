import { bounds } from "../core/bounds.ts"
import { answered } from "./answered.ts"
import { BrokerError } from "./broker-error.ts"
import { Connection } from "./connection.ts"
import type { Endpoint } from "./endpoint.ts"

/**
 * Those of some single-active quorum queues that have no leader: they can be declared, and answer
 * nothing. Asked by `basic.get`, which such a queue refuses, in 2 ms, but only once a majority of its
 * members has agreed on that; nothing is taken out of it.
 *
 * On a connection of its own: 15 s after a question that got no answer the broker closes it.
 * @throws {BrokerError} when the broker cannot be reached
 */
export async function silentQueues(
  endpoint: Endpoint,
  queues: readonly string[],
): Promise<ReadonlySet<string>> {
  const silent = new Set<string>()
  for (let from = 0; from < queues.length; from += bounds.declaredAtOnce) {
    const connection = await Connection.open(endpoint, "partymq probe")
    const ask = async (queue: string) => {
      if (await isSilent(connection, queue)) silent.add(queue)
    }
    await Promise.all(queues.slice(from, from + bounds.declaredAtOnce).map(ask))
    connection.destroy("done")
  }
  return silent
}

async function isSilent(connection: Connection, queue: string): Promise<boolean> {
  try {
    const channel = await connection.plainChannel()
    await answered(bounds.probeTimeoutMs, channel.basicGet(queue, { noAck: false }), "asking")
    return false
  } catch (error) {
    return error instanceof BrokerError && error.code === "timeout"
  }
}
