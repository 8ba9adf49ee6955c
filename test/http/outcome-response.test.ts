import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import type { PartitionKey } from "../../src/core/key.ts"
import type { PublishOutcome } from "../../src/core/outcome.ts"
import { outcomeResponse } from "../../src/http/outcome-response.ts"
import { acceptedSchema, problemSchema } from "../../src/http/schemas.ts"

const placements = [{ group: "g", generation: 1, partition: 3, queue: "partymq.t.g.g1.p3" }]
const accepted = (key: PartitionKey | undefined): PublishOutcome => ({
  kind: "accepted",
  key,
  placements,
})
const bytes = (...values: number[]) => Uint8Array.from(values) as PartitionKey

describe("an accepted message", () => {
  test("is answered 202 with its id, topic, key and placements", async () => {
    const response = outcomeResponse(accepted(bytes(0xc3, 0xa9)), "t", "m1")
    expect(response.status).toBe(202)
    const body = v.parse(acceptedSchema, await response.json())
    expect(body).toEqual({ id: "m1", topic: "t", key: "é", placements })
  })

  test("has its key in base64 when it is not UTF-8", async () => {
    const response = outcomeResponse(accepted(bytes(0xff, 0x00)), "t", "m1")
    const body = v.parse(acceptedSchema, await response.json())
    expect(body).toEqual({ id: "m1", topic: "t", keyBase64: "/wA=", placements })
  })

  test("has the key null when it was spread without one", async () => {
    const body = await outcomeResponse(accepted(undefined), "t", "m1").json()
    expect(body).toEqual({ id: "m1", topic: "t", key: null, placements })
  })
})

const failures: readonly (readonly [
  outcome: PublishOutcome,
  status: number,
  retriable: boolean,
  retryAfter: string | null,
])[] = [
  [{ kind: "rejected", reason: "missing_key", detail: "d" }, 422, false, null],
  [{ kind: "rejected", reason: "invalid_key", detail: "d" }, 422, false, null],
  [{ kind: "rejected", reason: "invalid_json", detail: "d" }, 422, false, null],
  [{ kind: "rejected", reason: "plugin_error", detail: "d" }, 422, false, null],
  [unavailable("overloaded", 1), 429, true, "1"],
  [unavailable("broker_away", 1000), 503, true, "1"],
  [unavailable("broker_blocked", 1001), 503, true, "2"],
  [unavailable("refused", 0), 503, true, "1"],
  [unavailable("unroutable", 5000), 503, true, "5"],
  [unavailable("shutting_down", 9999), 503, true, "10"],
  [{ kind: "unknown", code: "confirm_timeout", detail: "d" }, 504, true, null],
  [{ kind: "unknown", code: "connection_lost", detail: "d" }, 504, true, null],
]

function unavailable(
  code: Extract<PublishOutcome, { kind: "unavailable" }>["code"],
  retryAfterMs: number,
): PublishOutcome {
  return { kind: "unavailable", code, detail: "d", retryAfterMs }
}

describe("a failure", () => {
  for (const [outcome, status, retriable, retryAfter] of failures) {
    const code = outcome.kind === "rejected" ? outcome.reason : "code" in outcome && outcome.code
    test(`${outcome.kind} as ${code} is answered ${status}`, async () => {
      const response = outcomeResponse(outcome, "t", "m1")
      expect(response.status).toBe(status)
      expect(response.headers.get("content-type")).toBe("application/problem+json")
      expect(response.headers.get("retry-after")).toBe(retryAfter)
      const body = v.parse(problemSchema, await response.json())
      expect(body).toMatchObject({
        type: `urn:partymq:problem:${code}`,
        status,
        code,
        retriable,
        id: "m1",
      })
      expect(body.detail).toStartWith("d")
    })
  }

  test("of unknown outcome says that the message may have arrived", async () => {
    const outcome = { kind: "unknown", code: "confirm_timeout", detail: "d" } as const
    const { title } = v.parse(problemSchema, await outcomeResponse(outcome, "t", "m").json())
    expect(title).toContain("may or may not have arrived")
  })

  test("for want of a key says how to send one, for most request headers are not carried", async () => {
    const outcome = { kind: "rejected", reason: "missing_key", detail: "d" } as const
    const { detail } = v.parse(problemSchema, await outcomeResponse(outcome, "t", "m").json())
    expect(detail).toContain("Partition-Key")
    expect(detail).toContain("x-*")
  })
})
