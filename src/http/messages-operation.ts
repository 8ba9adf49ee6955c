import * as v from "valibot"
import { batchFormats } from "./batch/batch-format.ts"
import type { Operation } from "./operation.ts"
import { acceptedSchema, batchSchema } from "./schemas.ts"

export const messagesOperation: Operation = {
  id: "publishMessage",
  summary: "Publish one message, or a batch",
  description:
    "The body is the message, verbatim, of any content type. Headers `x-*` and `ce-*` become " +
    "message headers, lower case. Answers once the broker has confirmed a copy in every group. " +
    "Of `application/x-ndjson` and `application/cloudevents-batch+json` each line or event is a " +
    "message, published as it arrives; later ones of a key that failed are not sent.",
  requestHeaders: [
    { name: "Partition-Key", description: "The key, in UTF-8; the key extractors are not asked." },
    { name: "Message-Id", description: "Property message-id. A UUIDv7 is made when absent." },
    { name: "Content-Encoding", description: "Property content-encoding; nothing is decoded." },
    { name: "Prefer", description: "`return=minimal`: of a batch only failures have results." },
    { name: "traceparent", description: "W3C trace context, carried as a message header." },
    { name: "tracestate", description: "W3C trace context, carried as a message header." },
    { name: "baggage", description: "W3C baggage, carried as a message header." },
  ],
  bodies: ["*/*", ...Object.keys(batchFormats)],
  successes: [
    {
      status: 202,
      description: "Confirmed by the broker in every group; of a batch every message was",
      mediaType: "application/json",
      schema: v.union([acceptedSchema, batchSchema]),
    },
    {
      status: 207,
      description: "Of a batch not every message was accepted; the results say which were",
      mediaType: "application/json",
      schema: batchSchema,
    },
  ],
  problems: [
    "invalid_header",
    "reserved_header",
    "headers_too_large",
    "invalid_partition_key",
    "invalid_batch",
    "invalid_line",
    "body_incomplete",
    "unknown_topic",
    "body_read_timeout",
    "body_too_large",
    "unsupported_media_type",
    "missing_key",
    "invalid_key",
    "invalid_json",
    "plugin_error",
    "skipped_after_failure",
    "too_many_failures",
    "overloaded",
    "shutting_down",
    "broker_away",
    "broker_blocked",
    "refused",
    "unroutable",
    "confirm_timeout",
    "connection_lost",
    "unknown_after_failure",
  ],
}
