import type { LossReason } from "../core/stats.ts"
import { replyCode } from "./reply-code.ts"

/** Who gives a connection up says so in these words, those of the client among them. */
const known: readonly (readonly [reason: LossReason, said: RegExp])[] = [
  ["confirm_timeout", /^no confirm /],
  ["silent", /^the broker fell silent/],
  ["channel_closed", /^channel \d+ closed|^a channel could not be closed/],
]

/** With every connection that ends its channels do, and it is the publisher who hears of it first. */
const throughChannel = /^the publish channel was closed: /

/** Which kind of loss a connection's end was, from what it said. */
export function lossReason(said: string): LossReason {
  const reason = said.replace(throughChannel, "")
  const own = known.find(([, pattern]) => pattern.test(reason))
  if (own !== undefined) return own[0]
  // Of what the client says only the broker's own words have a reply code.
  return Number.isNaN(replyCode(reason)) ? "socket" : "closed_by_broker"
}
