import { frontQueue } from "../../core/generation.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import { declareQueues, partitionQueueDeclaration } from "../partition-queues.ts"
import { isHeldByAnother, isMissing } from "../refusal.ts"
import { withChannel } from "../with-channel.ts"

/** Takes a queue that only this connection can have; `false` while another has it. */
export async function locked(connection: Connection, queue: string): Promise<boolean> {
  try {
    await withChannel(connection, `locking "${queue}"`, (channel) =>
      channel.queueDeclare(queue, { exclusive: true, durable: false, autoDelete: false }),
    )
    return true
  } catch (error) {
    const reason = BrokerError.from(error, `cannot lock "${queue}"`)
    if (isHeldByAnother(reason.message)) return false
    throw reason
  }
}

/** One that exists is used as it is. */
export async function exchangeDeclared(connection: Connection, exchange: string): Promise<void> {
  const declare = (passive: boolean) =>
    withChannel(connection, `declaring exchange "${exchange}"`, (channel) =>
      channel.exchangeDeclare(exchange, "direct", { passive, durable: true }),
    )
  try {
    await declare(true)
  } catch (error) {
    if (!isMissing(BrokerError.from(error, "looking for an exchange"))) throw error
    await declare(false)
  }
}

/**
 * Declares queues that come before partition queues.
 * @param fronts numbers by partition queue
 * @throws {BrokerError} when one exists with other settings, or does not answer
 */
export async function frontsDeclared(
  connection: Connection,
  type: "quorum" | "classic",
  fronts: readonly (readonly [queue: string, fronts: readonly number[]])[],
): Promise<void> {
  const declarations = fronts.flatMap(([queue, numbers]) =>
    numbers.map((front) =>
      partitionQueueDeclaration(frontQueue(queue, front), { type }, connection),
    ),
  )
  const [undeclared] = await declareQueues(connection, declarations)
  if (undeclared === undefined) return
  throw new BrokerError(`queue "${undeclared.queue}" ${undeclared.why}`)
}
