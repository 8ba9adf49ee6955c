import * as v from "valibot"
import { bounds } from "../../core/bounds.ts"
import { type Contradiction, contradictions } from "./contradictions.ts"
import { durationMs, integer, name, text } from "./fields.ts"
import { section } from "./section.ts"

const fields = section({
  host: v.optional(text, "0.0.0.0"),
  port: v.optional(integer(0, 65_535), 8085),
  bodyBytesMax: v.optional(integer(1, bounds.bodyBytesMax), 1_048_576),
  publishTimeoutMs: v.optional(durationMs(), 10_000),
  inFlightMessagesMax: v.optional(integer(1, 1_048_576), bounds.httpInFlightMessagesMax),
  inFlightBytesMax: v.optional(integer(1, 8 * 1024 ** 3), bounds.httpInFlightBytesMax),
  simpleQueue: v.exactOptional(section({ topic: name, group: name })),
})

export const httpSchema = v.pipe(fields, contradictions(httpContradictions))

function httpContradictions(http: v.InferOutput<typeof fields>): Contradiction[] {
  if (http.inFlightBytesMax >= http.bodyBytesMax) return []
  const allowed = `at least bodyBytesMax, which is ${http.bodyBytesMax}`
  return [{ path: ["inFlightBytesMax"], found: http.inFlightBytesMax, allowed }]
}
