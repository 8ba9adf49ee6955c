import type { AMQPChannel } from "@cloudamqp/amqp-client"
import type { SourceConfig } from "../config/config.ts"
import { sourceLock } from "../core/generation.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import { exchangeExists, queueExists } from "./exists.ts"
import { deliveryProtection } from "./partition-queues.ts"
import { readConflict } from "./read-conflict.ts"
import { isConflict } from "./refusal.ts"
import { withChannel } from "./with-channel.ts"

/** What is known of a source queue once it is certain to exist. */
export interface SourceQueue {
  /** Whether the broker gives it to one consumer at a time by itself. */
  readonly isSingleActive: boolean
}

/**
 * Makes sure that the source queue exists: declared if missing, used as it is if it exists. Its
 * exchange, if one is configured, and its bindings likewise.
 * @throws {BrokerError} when it is missing and someone else's to declare
 */
export async function prepareSourceQueue(
  connection: Connection,
  source: SourceConfig,
): Promise<SourceQueue> {
  const isNew = !(await queueExists(connection, source.queue))
  if (isNew) await declareQueue(connection, source)
  if (source.topology === "declare" && source.exchange !== undefined) {
    await bindTo(connection, source, source.exchange)
  }
  return { isSingleActive: isNew || (await isSingleActive(connection, source.queue)) }
}

async function declareQueue(connection: Connection, source: SourceConfig): Promise<void> {
  if (source.topology === "passive") {
    throw new BrokerError(
      `source queue "${source.queue}" does not exist, and "topology" is "passive": its owner has to declare it`,
      "source_missing",
    )
  }
  const args = {
    "x-queue-type": source.type,
    "x-single-active-consumer": true,
    ...deliveryProtection(source.type, connection),
  }
  await withChannel(connection, `declaring "${source.queue}"`, (channel) =>
    channel.queueDeclare(source.queue, { durable: true }, args),
  )
}

async function bindTo(
  connection: Connection,
  source: SourceConfig,
  exchange: string,
): Promise<void> {
  const isNew = !(await exchangeExists(connection, exchange))
  await withChannel(connection, `binding "${source.queue}"`, async (channel) => {
    if (isNew) await channel.exchangeDeclare(exchange, "topic", { durable: true })
    for (const key of source.bind) await channel.queueBind(source.queue, exchange, key)
  })
}

/**
 * Keeps other routers away from a source that is not single-active: an exclusive queue belongs to
 * its connection, and goes with it.
 * @throws {BrokerError} when another router has it, see `isHeldByAnother`
 */
export async function lockSource(connection: Connection, topic: string): Promise<void> {
  const settings = { durable: false, exclusive: true, autoDelete: true }
  await withChannel(connection, `locking the source of "${topic}"`, (channel) =>
    channel.queueDeclare(sourceLock(topic), settings),
  )
}

/**
 * Asks by declaring it with Single Active Consumer on: the broker answers with the first setting
 * that differs, which is then taken over for the next try, until none does or it is that one.
 */
async function isSingleActive(connection: Connection, queue: string): Promise<boolean> {
  const flags: { [name: string]: boolean } = { durable: true }
  const args: { [name: string]: string | number | boolean } = { "x-single-active-consumer": true }
  for (let tries = 0; tries < settingsMax; tries++) {
    const declare = (channel: AMQPChannel) => channel.queueDeclare(queue, flags, args)
    try {
      await withChannel(connection, `looking at "${queue}"`, declare)
      return true
    } catch (error) {
      const reason = BrokerError.from(error, "the broker says")
      if (!isConflict(reason)) throw reason
      const conflict = readConflict(reason.message)
      if (conflict === undefined || conflict.setting === "x-single-active-consumer") return false
      const { setting, value } = conflict
      if (typeof value === "boolean" && !setting.startsWith("x-"))
        flags[flagNames[setting] ?? setting] = value
      else if (value === undefined) delete args[setting]
      else args[setting] = value
    }
  }
  return false
}

/** More than a queue has settings. */
const settingsMax = 24
const flagNames: { readonly [setting: string]: string } = { auto_delete: "autoDelete" }
