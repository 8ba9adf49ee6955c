import type { Operation } from "./operation.ts"
import { acceptedSchema } from "./schemas.ts"

export const messagesOperation: Operation = {
  id: "publishMessage",
  summary: "Publish one message",
  description:
    "The body is the message, verbatim, of any content type. Headers `x-*` and `ce-*` become " +
    "message headers, lower case. Answers once the broker has confirmed a copy in every group.",
  requestHeaders: [
    { name: "Partition-Key", description: "The key, in UTF-8; the key extractors are not asked." },
    { name: "Message-Id", description: "Property message-id. A UUIDv7 is made when absent." },
    { name: "Content-Encoding", description: "Property content-encoding; nothing is decoded." },
    { name: "traceparent", description: "W3C trace context, carried as a message header." },
    { name: "tracestate", description: "W3C trace context, carried as a message header." },
    { name: "baggage", description: "W3C baggage, carried as a message header." },
  ],
  takesBody: true,
  success: {
    status: 202,
    description: "Confirmed by the broker in every group",
    mediaType: "application/json",
    schema: acceptedSchema,
  },
  problems: [
    "invalid_header",
    "reserved_header",
    "headers_too_large",
    "invalid_partition_key",
    "body_incomplete",
    "unknown_topic",
    "body_read_timeout",
    "body_too_large",
    "unsupported_media_type",
    "missing_key",
    "invalid_key",
    "invalid_json",
    "plugin_error",
    "overloaded",
    "shutting_down",
    "broker_away",
    "broker_blocked",
    "refused",
    "unroutable",
    "confirm_timeout",
    "connection_lost",
  ],
}
