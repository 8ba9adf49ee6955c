import type { DeadLetterReason, RejectReason } from "./outcome.ts"

/**
 * Counters of the data path: plain numbers, so that counting costs an addition. Whoever exposes them
 * reads them when asked. Everything only grows, but for the fields marked as gauges.
 */
export interface GroupStats {
  /** Copies confirmed by the broker. */
  confirmed: number
  /** Copies the broker refused (nack). */
  nacked: number
  /** Copies the broker returned: their queue did not exist. */
  returned: number
  /** Copies sent again, for whatever reason. */
  retried: number
  /** A later message of a key was accepted before an earlier one that the broker had refused. */
  orderViolations: number
  /** Gauge: copies sent and not answered. */
  inFlight: number
  /** Gauge: by queue, copies that have not settled, those in flight included. */
  readonly lanes: { readonly size: number }[]
}

/** Why a connection was lost. */
export type LossReason =
  /** The broker closed it: an operator, a shutdown, something it could not take. */
  | "closed_by_broker"
  /** The broker closed a channel of it, or did not answer a request to. */
  | "channel_closed"
  /** No confirm came for too long. */
  | "confirm_timeout"
  /** Nothing at all came for too long. */
  | "silent"
  /** Anything else: the broker or the way to it is gone. */
  | "socket"

export interface TopicStats {
  /** Messages taken from the source queue. */
  consumed: number
  /** Messages of the source acked: every copy confirmed, or dead-lettered. */
  settled: number
  /** Messages published over HTTP and accepted. */
  accepted: number
  readonly rejected: Record<RejectReason, number>
  readonly deadLettered: Record<DeadLetterReason, number>
  readonly groups: { readonly [group: string]: GroupStats }
  /** Of copies for the dead-letter queue. */
  readonly deadLetterCopies: GroupStats
  /** Gauge: when the oldest message of the source came that has not settled, ms since 1970. */
  oldestArrivedMs: () => number | undefined
  /** Gauge: messages that the broker takes nowhere; they stay in the source queue, unacked. */
  heldMessages: number
  /** Gauge: messages taken in and not yet settled. */
  inFlightMessages: number
  /** Gauge: their bodies and properties, in bytes. */
  inFlightBytes: number
}

export interface RouterStats {
  readonly topics: { readonly [topic: string]: TopicStats }
  /** Connections opened again after a loss. */
  readonly reconnects: { publish: number; consume: number; pull: number }
  /** Connections lost, by reason. */
  readonly losses: {
    readonly [connection in "publish" | "consume" | "pull"]: Record<LossReason, number>
  }
  /** Gauge: for how long the oldest publish has not been confirmed. */
  oldestUnconfirmedSeconds: number
}

const rejections = (): Record<RejectReason, number> => ({
  missing_key: 0,
  invalid_key: 0,
  invalid_json: 0,
  plugin_error: 0,
})

export const groupStats = (): GroupStats => ({
  confirmed: 0,
  nacked: 0,
  returned: 0,
  retried: 0,
  orderViolations: 0,
  inFlight: 0,
  lanes: [],
})

export const topicStats = (groups: readonly string[]): TopicStats => ({
  consumed: 0,
  settled: 0,
  accepted: 0,
  rejected: rejections(),
  deadLettered: {
    ...rejections(),
    unroutable: 0,
    refused_by_broker: 0,
    deliveries_exhausted: 0,
  },
  groups: Object.fromEntries(groups.map((group) => [group, groupStats()])),
  deadLetterCopies: groupStats(),
  oldestArrivedMs: () => undefined,
  heldMessages: 0,
  inFlightMessages: 0,
  inFlightBytes: 0,
})

const losses = (): Record<LossReason, number> => ({
  closed_by_broker: 0,
  channel_closed: 0,
  confirm_timeout: 0,
  silent: 0,
  socket: 0,
})

/** @param topics group names by topic */
export const routerStats = (topics: {
  readonly [topic: string]: readonly string[]
}): RouterStats => ({
  topics: Object.fromEntries(
    Object.entries(topics).map(([topic, groups]) => [topic, topicStats(groups)]),
  ),
  reconnects: { publish: 0, consume: 0, pull: 0 },
  losses: { publish: losses(), consume: losses(), pull: losses() },
  oldestUnconfirmedSeconds: 0,
})
