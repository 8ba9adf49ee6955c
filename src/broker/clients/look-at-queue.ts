import { bounds } from "../../core/bounds.ts"
import type { QueueSight } from "../../core/clients/client.ts"
import { BrokerError } from "../broker-error.ts"
import type { Connection } from "../connection.ts"
import type { Management } from "../management.ts"
import { isAway, isHeldByAnother, isMissing } from "../refusal.ts"
import { withChannel } from "../with-channel.ts"

export interface Looked {
  readonly queue?: string
  readonly sight: QueueSight
  /** What was seen is not older. */
  readonly asOfMs: number
}

export interface LookOptions {
  readonly connection: Connection
  readonly management: Management | undefined
  readonly exchange: string
  readonly routingKey: string
  /** If it is known. */
  readonly queue: string | undefined
  /** It may have been declared a moment ago. */
  readonly isYoung: boolean
  readonly now: () => number
}

/** What can be seen of a client's queue just now. */
export async function lookAtQueue(options: LookOptions): Promise<Looked> {
  const { connection, management, now } = options
  const asOfMs = now()
  const queue = options.queue ?? (await boundQueue(options))
  if (queue === undefined) {
    return { sight: { kind: management === undefined ? "unknown" : "missing" }, asOfMs }
  }
  const totals = await management?.totals(queue)
  const counts = await passive(connection, queue).catch((error: BrokerError) => {
    // An exclusive queue answers nobody but its client, who has a connection as long as there is the queue.
    if (totals === undefined || !isHeldByAnother(error.message)) throw error
    return { ready: totals.ready, consumers: 1 }
  })
  if (counts === undefined) return { queue, sight: { kind: "missing" }, asOfMs }
  const { ready, consumers } = counts
  const oldMs = options.isYoung ? Number.POSITIVE_INFINITY : bounds.totalsAgeMs
  const ageMs = totals?.type === "classic" ? bounds.classicTotalsAgeMs : oldMs
  // One look proves that it is empty, not the half of an old one and the half of a new one: what was
  // ready then may be unacked now.
  const most = Math.max(ready, totals?.ready ?? 0)
  const sight = { kind: "counts", ready: most, unacked: totals?.unacked, consumers } as const
  return { queue, sight, asOfMs: totals === undefined ? asOfMs : asOfMs - ageMs }
}

/** The only queue that is bound with that key; `undefined` if there is none or cannot be known. */
export async function boundQueue({
  management,
  exchange,
  routingKey,
}: Pick<LookOptions, "management" | "exchange" | "routingKey">): Promise<string | undefined> {
  const bindings = (await management?.bindings(exchange)) ?? []
  return bindings.find((binding) => binding.routingKey === routingKey)?.queue
}

/** The same; `undefined` where that cannot be known. */
export async function boundQueueIfKnown(
  asked: Parameters<typeof boundQueue>[0],
): Promise<{ readonly queue: string | undefined } | undefined> {
  if (asked.management === undefined) return undefined
  return boundQueue(asked)
    .then((queue) => ({ queue }))
    .catch(() => undefined)
}

/** As a passive declaration tells it; `undefined` for a queue that does not exist. */
export async function passive(
  connection: Connection,
  queue: string,
): Promise<{ readonly ready: number; readonly consumers: number } | undefined> {
  try {
    return await withChannel(connection, `looking at "${queue}"`, async (channel) => {
      const { messageCount, consumerCount } = await channel.queueDeclare(queue, { passive: true })
      return { ready: messageCount, consumers: consumerCount }
    })
  } catch (error) {
    const reason = BrokerError.from(error, `cannot look at "${queue}"`)
    if (isMissing(reason) && !isAway(reason)) return undefined
    throw reason
  }
}
