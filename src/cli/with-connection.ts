import { Connection } from "../broker/connection.ts"
import { endpointOf } from "../broker/endpoint.ts"
import type { Config } from "../config/config.ts"
import { withProgress } from "./with-progress.ts"

const closeTimeoutMs = 5_000

/** Runs something on a connection of its own, and closes it whatever happens. */
export async function withConnection<T>(
  config: Config,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const opening = Connection.open(endpointOf(config.amqp), "partymq command")
  const connection = await withProgress("connecting to the broker", opening)
  try {
    return await use(connection)
  } finally {
    await connection.shut(closeTimeoutMs)
  }
}
