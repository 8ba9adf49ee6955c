import type { AMQPChannel } from "@cloudamqp/amqp-client"
import { bounds } from "../core/bounds.ts"
import { answered } from "./answered.ts"
import { BrokerError } from "./broker-error.ts"
import type { Connection } from "./connection.ts"
import type { Delivery } from "./content-reader.ts"
import { type QueueReader, readQueue } from "./queue-reader.ts"
import { isMissing } from "./refusal.ts"
import { withChannel } from "./with-channel.ts"

/** How many messages wait in a queue; `undefined` when there is no such queue. */
export const countMessages = (connection: Connection, queue: string): Promise<number | undefined> =>
  unlessMissing(connection, `looking at "${queue}"`, (channel) =>
    channel.queueDeclare(queue, { passive: true }),
  )

/** The message count that the broker answers, or `undefined` when it does not have the queue. */
async function unlessMissing(
  connection: Connection,
  doing: string,
  ask: (channel: AMQPChannel) => Promise<{ readonly messageCount: number }>,
): Promise<number | undefined> {
  try {
    return (await withChannel(connection, doing, ask)).messageCount
  } catch (error) {
    const reason = BrokerError.from(error, doing)
    if (isMissing(reason)) return undefined
    throw reason
  }
}

/** So often, and for so long each time, it is looked whether more is delivered, before acks are settled. */
const settleRoundsMax = 10
const settleRoundMs = 100

/** What is to become of a message that was looked at. */
export type Verdict = "keep" | "remove" | "stop"

/**
 * Shows a queue's first messages, oldest first, one after the other: the next is shown once the
 * verdict on the last is there. Kept messages return to their place in the queue at the end, as they
 * do when the process dies. Returns how many were shown.
 *
 * However few are shown, as many are fetched as any visit keeps: a quorum queue (seen on RabbitMQ 3.10.8) puts
 * what is given back behind all that was given back before, so whoever takes only a part of that and
 * gives it back has changed the order.
 *
 * @param most look at no more than this; those that arrive meanwhile are not waited for, and it
 *   ends early once `bounds.visitedUnackedMax` were kept
 */
export async function visitMessages(
  connection: Connection,
  queue: string,
  most: number,
  visit: (delivery: Delivery) => Verdict | Promise<Verdict>,
): Promise<number> {
  const waiting = Math.min(most, (await countMessages(connection, queue)) ?? 0)
  if (waiting === 0) return 0
  const inbox = new Inbox(waiting)
  const prefetch = bounds.visitedUnackedMax
  const reader = await readQueue(connection, queue, {
    prefetch,
    delivered: (delivery) => inbox.put(delivery),
    ended: (reason) => inbox.end(reason),
  })
  let shown = 0
  let kept = 0
  try {
    // A kept message stays unacked to the end; when all that may be unacked are, none follows.
    while (shown < waiting && kept < prefetch) {
      const next = inbox.take()
      const delivery = await answered(bounds.requestTimeoutMs, next, `reading "${queue}"`)
      shown += 1
      const verdict = await visit(delivery)
      if (verdict === "remove") reader.ack(delivery)
      else kept += 1
      if (verdict === "stop") break
    }
    const removed = shown - kept
    if (removed > 0) await settle(reader, () => inbox.received - removed, prefetch)
    return shown
  } finally {
    await reader.close()
  }
}

/**
 * Makes sure of all acks. What a quorum queue sends while its consumer is cancelled comes back out of its
 * place (seen on RabbitMQ 3.10.8 and 4.0.5). So that is not done while something is on its way; and not at
 * all once as much is unacked as may be, for then the broker has had every ack.
 */
async function settle(reader: QueueReader, unacked: () => number, prefetch: number): Promise<void> {
  for (let rounds = 0, before = -1; rounds < settleRoundsMax && before < unacked(); rounds++) {
    if (unacked() >= prefetch) return
    before = unacked()
    await Bun.sleep(settleRoundMs)
  }
  await reader.settleAcks()
}

/** Deliveries between the callback that brings them and the loop that takes them. */
class Inbox {
  readonly #deliveries: Delivery[] = []
  #left: number
  #failure: string | undefined
  /** Those that are not taken included. */
  received = 0
  #wake: () => void = () => {}

  /** @param most how many will be taken; what comes after them is not held in memory */
  constructor(most: number) {
    this.#left = most
  }

  put(delivery: Delivery): void {
    this.received += 1
    if (this.#left === 0) return
    this.#left -= 1
    this.#deliveries.push(delivery)
    this.#wake()
  }

  end(reason: string): void {
    this.#failure = reason
    this.#wake()
  }

  async take(): Promise<Delivery> {
    while (this.#deliveries.length === 0) {
      if (this.#failure !== undefined) throw new BrokerError(this.#failure)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#deliveries.shift()!
  }
}
