import * as v from "valibot"

/** The shapes of the answers. `/openapi.json` is derived from them; tests parse answers. */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

export const placementSchema = v.strictObject({
  group: v.string(),
  generation: count,
  partition: v.pipe(count, v.description("0-based index")),
  queue: v.string(),
})

export const acceptedSchema = v.strictObject({
  id: v.pipe(v.string(), v.description("Message-Id, or the UUIDv7 made for the message")),
  topic: v.string(),
  key: v.optional(
    v.pipe(
      v.nullable(v.string()),
      v.description("Partition key; null when spread without one; absent when it is not UTF-8"),
    ),
  ),
  keyBase64: v.optional(
    v.pipe(v.string(), v.base64(), v.description("Partition key that is not UTF-8")),
  ),
  placements: v.array(placementSchema),
})

export const problemSchema = v.strictObject({
  type: v.pipe(v.string(), v.description("urn:partymq:problem:{code}")),
  title: v.string(),
  status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
  code: v.pipe(v.string(), v.description("Stable")),
  detail: v.string(),
  retriable: v.pipe(
    v.boolean(),
    v.description("Whether the same request may succeed later, unchanged"),
  ),
  instance: v.optional(v.string()),
  id: v.optional(v.pipe(v.string(), v.description("Send it as Message-Id when trying again"))),
  reasons: v.optional(v.array(v.string())),
})

const lineNumber = v.pipe(v.number(), v.integer(), v.minValue(1))

/** Of one line, or event, of a batch. */
export const lineAcceptedSchema = v.strictObject({
  line: v.pipe(lineNumber, v.description("Of the line in the body, or of the event, from 1")),
  status: v.literal(202),
  id: acceptedSchema.entries.id,
  key: acceptedSchema.entries.key,
  keyBase64: acceptedSchema.entries.keyBase64,
  placements: acceptedSchema.entries.placements,
})

const failureEntries = {
  status: problemSchema.entries.status,
  code: problemSchema.entries.code,
  detail: v.string(),
  retriable: problemSchema.entries.retriable,
}

export const lineFailedSchema = v.strictObject({
  line: lineNumber,
  ...failureEntries,
  id: problemSchema.entries.id,
})

export const batchSchema = v.strictObject({
  topic: v.string(),
  lines: v.pipe(count, v.description("Lines that were read, blank ones aside")),
  accepted: count,
  failed: count,
  omitted: v.pipe(
    count,
    v.description("Accepted lines that have no result, by preference or because there are many"),
  ),
  stopped: v.optional(
    v.pipe(
      v.strictObject({ line: lineNumber, ...failureEntries }),
      v.description("From this line on nothing was published, and why"),
    ),
  ),
  results: v.pipe(
    v.array(v.union([lineAcceptedSchema, lineFailedSchema])),
    v.description("In the order of the lines"),
  ),
})

export const topicSummarySchema = v.strictObject({
  topic: v.string(),
  source: v.pipe(v.nullable(v.string()), v.description("Queue that is routed; null: HTTP only")),
  key: v.pipe(v.array(v.string()), v.description("Key extractors, in the order they are asked")),
  onMissingKey: v.picklist(["dead-letter", "spread", "fixed"]),
  groups: v.array(v.string()),
})

export const topicListSchema = v.strictObject({ topics: v.array(topicSummarySchema) })

export const queueStatusSchema = v.strictObject({
  partition: count,
  queue: v.string(),
  messages: v.pipe(v.nullable(count), v.description("null: the broker could not be asked")),
  consumers: v.pipe(v.nullable(count), v.description("null: the broker could not be asked")),
  client: v.optional(
    v.pipe(
      v.nullable(v.string()),
      v.description("Of a client-bound group: whom it is forwarded to; null: it is held"),
    ),
  ),
})

export const groupStatusSchema = v.strictObject({
  group: v.string(),
  generation: count,
  partitions: count,
  partitioner: v.string(),
  problems: v.exactOptional(
    v.pipe(
      v.array(v.string()),
      v.description("Of a client-bound group: what stands still until somebody does something"),
    ),
  ),
  queues: v.array(queueStatusSchema),
})

export const topicStatusSchema = v.strictObject({
  ...topicSummarySchema.entries,
  groups: v.array(groupStatusSchema),
})

export const assignmentSchema = v.strictObject({
  memberId: v.string(),
  generation: v.pipe(
    count,
    v.description("Sent with the next heartbeat once all partitions are subscribed to"),
  ),
  partitions: v.pipe(
    v.array(v.strictObject({ partition: count, queue: v.string() })),
    v.description("To be subscribed to these, each on a channel of its own, and to no others"),
  ),
  heartbeatIntervalMs: count,
  queueType: v.pipe(
    v.picklist(["quorum", "classic"]),
    v.description("Of these queues; only a quorum queue counts deliveries"),
  ),
  key: v.pipe(
    v.strictObject({
      extractors: v.array(v.looseObject({ use: v.string() })),
      onMissingKey: v.union([
        v.picklist(["dead-letter", "spread"]),
        v.strictObject({ key: v.string() }),
      ]),
    }),
    v.description("How keys are found; options only of built-in key extractors"),
  ),
  parkedKeysVersion: v.exactOptional(
    v.pipe(count, v.description("Grows with every change of the group's parked keys")),
  ),
})

export const bindingSchema = v.strictObject({ routingKey: v.string(), exchange: v.string() })

export const clientDoneSchema = v.strictObject({})

export const clientErrorSchema = v.strictObject({ error: v.string() })

export const leftSchema = v.strictObject({ memberId: v.string(), left: v.literal(true) })

export const aliveSchema = v.strictObject({ status: v.literal("alive") })

export const readySchema = v.strictObject({
  status: v.literal("ready"),
  impaired: v.optional(
    v.pipe(v.array(v.string()), v.description("Queues that nothing is published to, and why")),
  ),
})

export type Accepted = v.InferOutput<typeof acceptedSchema>
export type LineAccepted = v.InferOutput<typeof lineAcceptedSchema>
export type LineFailed = v.InferOutput<typeof lineFailedSchema>
export type BatchAnswer = v.InferOutput<typeof batchSchema>
export type TopicSummary = v.InferOutput<typeof topicSummarySchema>
export type TopicList = v.InferOutput<typeof topicListSchema>
export type TopicStatus = v.InferOutput<typeof topicStatusSchema>
