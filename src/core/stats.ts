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
}

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
  /** Gauge: messages taken in and not yet settled. */
  inFlightMessages: number
  /** Gauge: their bodies and properties, in bytes. */
  inFlightBytes: number
}

export interface RouterStats {
  readonly topics: { readonly [topic: string]: TopicStats }
  /** Connections opened again after a loss. */
  readonly reconnects: { publish: number; consume: number }
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
})

export const topicStats = (groups: readonly string[]): TopicStats => ({
  consumed: 0,
  settled: 0,
  accepted: 0,
  rejected: rejections(),
  deadLettered: { ...rejections(), unroutable: 0 },
  groups: Object.fromEntries(groups.map((group) => [group, groupStats()])),
  inFlightMessages: 0,
  inFlightBytes: 0,
})
