import * as v from "valibot"
import { acceptedSchema, problemSchema } from "../schemas.ts"

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const pulledSchema = v.strictObject({
  receipt: v.pipe(v.string(), v.description("Names the lease; opaque")),
  id: v.pipe(v.nullable(v.string()), v.description("The message's id; null when it has none")),
  key: v.optional(
    v.pipe(
      v.nullable(v.string()),
      v.description("Partition key; null without one, or if it cannot be told"),
    ),
  ),
  keyBase64: acceptedSchema.entries.keyBase64,
  partition: count,
  deliveryCount: v.pipe(
    v.number(),
    v.integer(),
    v.minValue(1),
    v.description("How often it was given out, and delivered by the broker before that"),
  ),
  headers: v.record(v.string(), v.unknown()),
  contentType: v.optional(v.string()),
  body: v.optional(v.pipe(v.string(), v.description("The body, where it is UTF-8"))),
  bodyBase64: v.optional(v.string()),
})

export const receivedSchema = v.strictObject({
  messages: v.pipe(v.array(pulledSchema), v.description("None when there were none in time")),
})

const receiptResultSchema = v.union([
  v.strictObject({ receipt: v.string(), status: v.literal(200) }),
  v.strictObject({
    receipt: v.string(),
    status: v.literal(409),
    code: v.literal("stale_receipt"),
    detail: v.string(),
    retriable: problemSchema.entries.retriable,
  }),
])

export const receiptResultsSchema = v.strictObject({
  accepted: count,
  failed: count,
  results: v.pipe(v.array(receiptResultSchema), v.description("In the order of the receipts")),
})

export const simpleAckSchema = v.strictObject({ id: v.string(), acked: v.literal(true) })

export type ReceiptResult = v.InferOutput<typeof receiptResultSchema>
export type ReceiptResults = v.InferOutput<typeof receiptResultsSchema>
