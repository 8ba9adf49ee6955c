import { describe, expect, test } from "bun:test"
import { lossReason } from "../../src/broker/loss-reason.ts"

/** As they come from `Connection`, `Publisher` and the client. */
const said = {
  "no confirm for 30000 ms": "confirm_timeout",
  "the publish channel was closed: channel 1 closed: PRECONDITION_FAILED - x (406)":
    "channel_closed",
  "the publish channel was closed: read ECONNRESET": "socket",
  "the publish channel was closed: connection closed: INTERNAL_ERROR (541)": "closed_by_broker",
  "a channel could not be closed": "channel_closed",
  "the broker fell silent": "silent",
  "connection closed: CONNECTION_FORCED - broker forced connection closure (320)":
    "closed_by_broker",
  "Socket closed": "socket",
  "read ECONNRESET": "socket",
  "closed by us": "socket",
} as const

describe("the reason of a loss", () => {
  for (const [what, reason] of Object.entries(said)) {
    test(`said as "${what}" is ${reason}`, () => expect(lossReason(what)).toBe(reason))
  }
})
