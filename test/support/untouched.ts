import { connect, RawPublisher, take } from "./raw-client.ts"
import { unique } from "./unique.ts"

/**
 * Property lists as a queue of the broker's hands them on without a router: RabbitMQ 4 sorts the
 * headers of some messages, drops repeated ones, and changes the type of an unsigned number.
 */
export async function untouched(
  url: string,
  lists: readonly Uint8Array[],
  type: "classic" | "quorum" = "quorum",
): Promise<readonly Uint8Array[]> {
  const queue = unique("untouched")
  const connection = await connect(url)
  try {
    const channel = await connection.plainChannel()
    await channel.queueDeclare(queue, { durable: true }, { "x-queue-type": type })
    const publisher = await RawPublisher.open(connection, queue)
    for (const properties of lists) publisher.publish(properties, new Uint8Array(1))
    await publisher.unconfirmedAtMost(0)
    const taken = await take(url, queue, lists.length)
    await channel.queueDelete(queue)
    return taken.map(({ properties }) => properties)
  } finally {
    await connection.shut(5_000)
  }
}
