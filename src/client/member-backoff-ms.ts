import { backoffDelayMs } from "../core/backoff.ts"
import { bounds } from "../core/bounds.ts"

const backoff = { firstMs: bounds.memberRetryFirstMs, maxMs: bounds.memberRetryMaxMs }

/** The wait of a member after so many failures to reach PartyMQ or the broker. */
export const memberBackoffMs = (failures: number): number =>
  backoffDelayMs(backoff, failures, Math.random())
