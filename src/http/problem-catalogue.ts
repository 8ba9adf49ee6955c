const unknown = "the message may or may not have arrived"

/**
 * Every problem the HTTP interface can answer, by its stable code. `retriable`: the same request may
 * succeed later, unchanged.
 */
export const problemCatalogue = {
  invalid_header: { status: 400, retriable: false, title: "A request header cannot be used" },
  reserved_header: { status: 400, retriable: false, title: "Headers x-partymq-* are reserved" },
  headers_too_large: { status: 400, retriable: false, title: "The message headers are too large" },
  invalid_partition_key: { status: 400, retriable: false, title: "Partition-Key cannot be a key" },
  invalid_batch: { status: 400, retriable: false, title: "The batch cannot be told into messages" },
  invalid_line: { status: 400, retriable: false, title: "A line or event of the batch is not one" },
  body_incomplete: { status: 400, retriable: true, title: "The body ended before it was complete" },
  invalid_member: {
    status: 400,
    retriable: false,
    title: "The request of a member cannot be read",
  },
  invalid_pull: {
    status: 400,
    retriable: false,
    title: "The request of a consumer that pulls cannot be read",
  },
  unknown_topic: { status: 404, retriable: false, title: "There is no such topic" },
  unknown_group: { status: 404, retriable: false, title: "There is no such group" },
  unknown_partition: { status: 404, retriable: false, title: "The group has no such partition" },
  client_bound_group: { status: 409, retriable: false, title: "The group has no members" },
  unknown_member: { status: 404, retriable: false, title: "There is no such member" },
  no_simple_queue: { status: 404, retriable: false, title: "No simple queue is configured" },
  invalid_parked_key: {
    status: 400,
    retriable: false,
    title: "The request for a parked key cannot be read",
  },
  unknown_parked_key: { status: 404, retriable: false, title: "There is no such parked key" },
  not_found: { status: 404, retriable: false, title: "There is nothing at this path" },
  method_not_allowed: {
    status: 405,
    retriable: false,
    title: "The path does not have this method",
  },
  body_read_timeout: { status: 408, retriable: true, title: "The body took too long to arrive" },
  stale_receipt: {
    status: 409,
    retriable: false,
    title: "The receipt is of no lease that there is",
  },
  key_not_replayed: {
    status: 409,
    retriable: false,
    title: "The parked key has messages, or has changed",
  },
  body_too_large: { status: 413, retriable: false, title: "The body is too large" },
  unsupported_media_type: {
    status: 415,
    retriable: false,
    title: "The body cannot be read as that",
  },
  missing_key: { status: 422, retriable: false, title: "The message has no partition key" },
  invalid_key: { status: 422, retriable: false, title: "The partition key cannot be a key" },
  invalid_json: { status: 422, retriable: false, title: "The body is not JSON" },
  plugin_error: { status: 422, retriable: false, title: "A plugin failed on the message" },
  skipped_after_failure: {
    status: 424,
    retriable: true,
    title: "Not sent, because an earlier line of its key failed",
  },
  too_many_failures: { status: 424, retriable: true, title: "Too many lines of the batch failed" },
  too_many_members: {
    status: 429,
    retriable: true,
    title: "The group has no place for more members",
  },
  too_many_parked_keys: {
    status: 429,
    retriable: true,
    title: "The group has no room for more parked keys",
  },
  overloaded: { status: 429, retriable: true, title: "Too much is in flight" },
  internal_error: { status: 500, retriable: false, title: "A fault of PartyMQ" },
  not_ready: { status: 503, retriable: true, title: "PartyMQ is not ready" },
  shutting_down: { status: 503, retriable: true, title: "PartyMQ is shutting down" },
  broker_away: { status: 503, retriable: true, title: "The broker is away" },
  broker_blocked: { status: 503, retriable: true, title: "The broker takes no messages just now" },
  refused: { status: 503, retriable: true, title: "A partition queue refused the message" },
  unroutable: { status: 503, retriable: true, title: "A partition queue does not exist" },
  confirm_timeout: {
    status: 504,
    retriable: true,
    title: `Not confirmed in time; ${unknown}`,
  },
  connection_lost: { status: 504, retriable: true, title: `Connection lost; ${unknown}` },
  unknown_after_failure: {
    status: 504,
    retriable: true,
    title: `An earlier line of its key failed after this one was sent; ${unknown}`,
  },
} as const

export type ProblemCode = keyof typeof problemCatalogue
