import type { Dispatched } from "./core/dispatch.ts"
import type { PublishOutcome } from "./core/outcome.ts"

export const retryAfterMs = 1_000
/** A missing or full queue takes a person or a consumer to mend; asking every second is no use. */
const repairMs = 5_000

/** What a publisher is told of what became of its message. */
export function publishOutcome(outcome: Dispatched): PublishOutcome {
  if (outcome.kind === "rejected") return outcome
  const { key, placements } = outcome.routed
  if (outcome.kind === "delivered") return { kind: "accepted", key, placements }
  const groups = outcome.groups.map((group) => `"${group}"`).join(", ")
  switch (outcome.failure) {
    case "tooLarge":
      return {
        kind: "rejected",
        reason: "body_too_large",
        detail:
          "the message is larger than the broker takes: its body than max_message_size, or its headers than frame_max",
      }
    case "unacceptable":
    case "lost":
      return {
        kind: "unknown",
        code: "connection_lost",
        detail: `the connection, or the queue, was lost before the broker confirmed for group ${groups}; the message may or may not have arrived`,
      }
    case "unsent":
      return {
        kind: "unavailable",
        code: "broker_away",
        detail: `not sent to group ${groups}`,
        retryAfterMs,
      }
    case "returned":
      return {
        kind: "unavailable",
        code: "unroutable",
        detail: `the partition queue of group ${groups} is missing; other groups may have the message`,
        retryAfterMs: repairMs,
      }
    case "refused":
      return {
        kind: "unavailable",
        code: "refused",
        detail: `the partition queue of group ${groups} did not take it in time; other groups may have it`,
        retryAfterMs: repairMs,
      }
  }
}
