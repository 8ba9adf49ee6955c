import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { isMissing } from "./refusal.ts"
import { withChannel } from "./with-channel.ts"

/**
 * Whether the broker has such a queue.
 * @throws {BrokerError} when it cannot say
 */
export const queueExists = (connection: Connection, queue: string): Promise<boolean> =>
  exists(connection, `queue "${queue}"`, (channel) =>
    channel.queueDeclare(queue, { passive: true }),
  )

/**
 * Whether the broker has such an exchange, of whatever type.
 * @throws {BrokerError} when it cannot say
 */
export const exchangeExists = (connection: Connection, exchange: string): Promise<boolean> =>
  exists(connection, `exchange "${exchange}"`, (channel) =>
    channel.exchangeDeclare(exchange, "topic", { passive: true }),
  )

async function exists(
  connection: Connection,
  what: string,
  look: (channel: AMQPChannel) => Promise<unknown>,
): Promise<boolean> {
  try {
    await withChannel(connection, `looking for ${what}`, look)
    return true
  } catch (error) {
    const reason = BrokerError.from(error, `cannot look for ${what}`)
    if (isMissing(reason)) return false
    throw reason
  }
}
