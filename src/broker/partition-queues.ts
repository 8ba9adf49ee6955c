import type { AMQPChannel } from "@cloudamqp/amqp-client"
import type { PartitionQueueConfig } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { StartRefused } from "./start-refused.ts"
import { withChannel } from "./with-channel.ts"

type QueueArguments = { [name: string]: string | number | boolean }

/** A durable queue as it is to be declared. */
export interface QueueDeclaration {
  readonly queue: string
  readonly arguments: QueueArguments
}

/** A partition queue: Single Active Consumer, and whatever the configuration asks for. */
export function partitionQueueDeclaration(
  queue: string,
  config: PartitionQueueConfig,
  connection: Connection,
): QueueDeclaration {
  const optional: { [name: string]: string | number | undefined } = {
    "x-max-length": config.maxLength,
    "x-max-length-bytes": config.maxLengthBytes,
    "x-overflow": config.overflow,
    "x-message-ttl": config.messageTtlMs,
    "x-dead-letter-exchange": config.deadLetterExchange,
    "x-dead-letter-routing-key": config.deadLetterRoutingKey,
    "x-delivery-limit": config.deliveryLimit,
  }
  const given = Object.entries(optional).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return {
    queue,
    arguments: {
      ...durableQueueArguments(config.type, connection),
      "x-single-active-consumer": true,
      ...Object.fromEntries(given),
    },
  }
}

/**
 * The type, and for quorum queues no delivery limit: RabbitMQ 4 drops a message after 20 deliveries
 * by default, and every hand-over of a queue counts as one. Before 4.0 none is the default, and -1
 * means something else.
 */
export function durableQueueArguments(
  type: "quorum" | "classic",
  connection: Connection,
): QueueArguments {
  const unlimited = type === "quorum" && hasDefaultDeliveryLimit(connection)
  return { "x-queue-type": type, ...(unlimited ? { "x-delivery-limit": -1 } : {}) }
}

function hasDefaultDeliveryLimit({ serverProperties }: Connection): boolean {
  const { product, version } = serverProperties
  return product === "RabbitMQ" && typeof version === "string" && Number.parseInt(version, 10) >= 4
}

/**
 * Declares queues; those that exist as asked for stay as they are.
 * @throws {StartRefused} when one exists with other arguments
 */
export async function declareQueues(
  connection: Connection,
  declarations: readonly QueueDeclaration[],
): Promise<void> {
  for (let from = 0; from < declarations.length; from += bounds.declaredAtOnce) {
    await declareBatch(connection, declarations.slice(from, from + bounds.declaredAtOnce))
  }
}

async function declareBatch(
  connection: Connection,
  batch: readonly QueueDeclaration[],
): Promise<void> {
  try {
    await withChannel(connection, "declaring queues", (channel) =>
      Promise.all(batch.map((each) => declareQueue(channel, each))),
    )
  } catch (error) {
    const reason = BrokerError.from(error, "cannot declare queues")
    if (!isConflict(reason)) throw reason
    await declareOneByOne(connection, batch)
  }
}

const declareQueue = (channel: AMQPChannel, { queue, arguments: args }: QueueDeclaration) =>
  channel.queueDeclare(queue, { durable: true }, args)

/** `PRECONDITION_FAILED` */
export const isConflict = (error: Error): boolean => replyCode(error) === 406
/** `NOT_FOUND` */
export const isMissing = (error: Error): boolean => replyCode(error) === 404

/** The client says it at the end of its messages, and nowhere else. */
const replyCode = ({ message }: Error): number => Number(/\((\d{3})\)$/.exec(message)?.[1])

async function declareOneByOne(
  connection: Connection,
  declarations: readonly QueueDeclaration[],
): Promise<void> {
  for (const declaration of declarations) {
    const problem = await tryDeclare(connection, declaration)
    if (problem === undefined) continue
    const { "x-delivery-limit": limit, ...others } = declaration.arguments
    // Declared before the broker was upgraded to 4.0: as it is, it is the one that was asked for.
    const older = { ...declaration, arguments: others }
    if (limit === -1 && (await tryDeclare(connection, older)) === undefined) continue
    throw new StartRefused(
      "queue_conflict",
      `queue "${declaration.queue}" exists with other settings than configured: ${problem.message}`,
    )
  }
}

async function tryDeclare(
  connection: Connection,
  declaration: QueueDeclaration,
): Promise<BrokerError | undefined> {
  const declare = (channel: AMQPChannel) => declareQueue(channel, declaration)
  try {
    await withChannel(connection, `declaring "${declaration.queue}"`, declare)
    return undefined
  } catch (error) {
    const reason = BrokerError.from(error, "the broker says")
    if (isConflict(reason)) return reason
    throw reason
  }
}
