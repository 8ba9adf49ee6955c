import type { AMQPChannel } from "@cloudamqp/amqp-client"
import type { PartitionQueueConfig } from "../config/config.ts"
import { bounds } from "../core/bounds.ts"
import { isTimeout } from "./answered.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { rabbitmqMajor } from "./rabbitmq-version.ts"
import { readConflict } from "./read-conflict.ts"
import { isConflict, isMissing } from "./refusal.ts"
import { withChannel } from "./with-channel.ts"

type QueueArguments = { [name: string]: string | number | boolean }

/** A durable queue as it is to be declared. */
export interface QueueDeclaration {
  readonly queue: string
  readonly arguments: QueueArguments
  /** Asked for as well, but not insisted on: a queue that was declared before may be without. */
  readonly protections: QueueArguments
}

/** A queue that could not be declared, while others could. */
export interface Undeclared {
  readonly queue: string
  /** For people, as what follows its name. */
  readonly why: string
  /** It exists with other settings; else it is on a node that is away, or does not answer. */
  readonly isConflict: boolean
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
  const { protections, ...plain } = plainQueueDeclaration(queue, config.type, connection)
  const settings = Object.fromEntries(given)
  return {
    queue,
    arguments: { ...plain.arguments, "x-single-active-consumer": true, ...settings },
    protections: without(protections, settings),
  }
}

/** A dead-letter queue: like a partition queue it tells, when asked, whether it has a leader. */
export function deadLetterQueueDeclaration(
  queue: string,
  type: "quorum" | "classic",
  connection: Connection,
): QueueDeclaration {
  const { protections, ...plain } = plainQueueDeclaration(queue, type, connection)
  return { ...plain, protections: { ...protections, "x-single-active-consumer": true } }
}

/** A queue that keeps what was confirmed into it. */
function plainQueueDeclaration(
  queue: string,
  type: "quorum" | "classic",
  connection: Connection,
): QueueDeclaration {
  // Behind a policy with a length limit the broker would drop what it has confirmed, oldest first,
  // and tell nobody. An argument prevails over the policy: so it refuses, and PartyMQ tries again.
  const overflow = { "x-overflow": "reject-publish" }
  return {
    queue,
    arguments: { "x-queue-type": type },
    protections: { ...overflow, ...deliveryProtection(type, connection) },
  }
}

/**
 * For quorum queues no delivery limit: RabbitMQ 4 drops a message after 20 deliveries by default, and
 * every hand-over of a queue counts as one. Before 4.0 none is the default, and -1 means something
 * else.
 */
export function deliveryProtection(
  type: "quorum" | "classic",
  connection: Connection,
): QueueArguments {
  return type === "quorum" && rabbitmqMajor(connection) >= 4 ? { "x-delivery-limit": -1 } : {}
}

/** Such a queue refuses `basic.get`, if it answers at all. */
export function isSingleActiveQuorum(declaration: QueueDeclaration): boolean {
  const all = { ...declaration.arguments, ...declaration.protections }
  return all["x-queue-type"] === "quorum" && all["x-single-active-consumer"] === true
}

const without = (these: QueueArguments, those: QueueArguments): QueueArguments =>
  Object.fromEntries(Object.entries(these).filter(([name]) => !(name in those)))

/** Which protections queues turned out to have, by queue: asking again costs the broker an error. */
export type KnownProtections = Map<string, QueueArguments>

/**
 * Declares queues; those that exist as asked for stay as they are. Answers those that
 * cannot be had.
 */
export async function declareQueues(
  connection: Connection,
  declarations: readonly QueueDeclaration[],
  known: KnownProtections = new Map(),
): Promise<readonly Undeclared[]> {
  const undeclared: Undeclared[] = []
  for (let from = 0; from < declarations.length; from += bounds.declaredAtOnce) {
    const batch = declarations.slice(from, from + bounds.declaredAtOnce).map((each) => {
      const protections = known.get(each.queue) ?? each.protections
      return { ...each, protections }
    })
    undeclared.push(...(await declareBatch(connection, batch, known)))
  }
  return undeclared
}

async function declareBatch(
  connection: Connection,
  batch: readonly QueueDeclaration[],
  known: KnownProtections,
): Promise<readonly Undeclared[]> {
  try {
    await withChannel(connection, "declaring queues", (channel) =>
      Promise.all(batch.map((each) => declareQueue(channel, each))),
    )
    return []
  } catch (error) {
    const reason = BrokerError.from(error, "cannot declare queues")
    // One that does not answer must not keep the others from being declared.
    if (!isConflict(reason) && !isMissing(reason) && !isTimeout(error)) throw reason
    return declareOneByOne(connection, batch, known)
  }
}

const declareQueue = (
  channel: AMQPChannel,
  { queue, arguments: args, protections }: QueueDeclaration,
) => channel.queueDeclare(queue, { durable: true }, { ...args, ...protections })

async function declareOneByOne(
  connection: Connection,
  declarations: readonly QueueDeclaration[],
  known: KnownProtections,
): Promise<readonly Undeclared[]> {
  const undeclared: Undeclared[] = []
  for (const declaration of declarations) {
    const one = await declareAsFarAsItGoes(connection, declaration, known)
    if (one !== undefined) undeclared.push(one)
  }
  return undeclared
}

/** Does without the protections that the queue was declared without. */
async function declareAsFarAsItGoes(
  connection: Connection,
  declaration: QueueDeclaration,
  known: KnownProtections,
): Promise<Undeclared | undefined> {
  const { queue, protections } = declaration
  const declare = (channel: AMQPChannel) => declareQueue(channel, declaration)
  try {
    await withChannel(connection, `declaring "${queue}"`, declare, bounds.probeTimeoutMs)
    known.set(queue, protections)
    return undefined
  } catch (error) {
    if (isTimeout(error)) return { queue, why: "does not answer", isConflict: false }
    const reason = BrokerError.from(error, "the broker says")
    // What is declared cannot be missing: this one is there, on a node that is not.
    if (isMissing(reason)) {
      return { queue, why: `is on a node that is away: ${reason.message}`, isConflict: false }
    }
    if (!isConflict(reason)) throw reason
    const { setting, value } = readConflict(reason.message) ?? {}
    if (setting === undefined || !(setting in protections) || value !== undefined) {
      const why = `exists with other settings than configured: ${reason.message}`
      return { queue, why, isConflict: true }
    }
    const left = without(protections, { [setting]: true })
    return declareAsFarAsItGoes(connection, { ...declaration, protections: left }, known)
  }
}
