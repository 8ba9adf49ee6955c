import * as v from "valibot"
import type { Pulled } from "../../broker/pull/group-pull.ts"
import { bounds } from "../../core/bounds.ts"
import type { Lease } from "../../core/pull/lease.ts"
import { textProperty } from "../../wire/properties.ts"
import { jsonResponse } from "../json-response.ts"
import { messagesOperation } from "../messages-operation.ts"
import { type Problem, problem, problemResponse } from "../problem.ts"
import { queryOf } from "../query-of.ts"
import { formProblem } from "../read-json.ts"
import type { Route } from "../route.ts"
import { type PullDeps, type PulledGroup, pulledGroup } from "./pull-deps.ts"
import { simpleAckSchema } from "./pull-schemas.ts"
import {
  consumerName,
  messageCount,
  receive,
  received,
  receiveProblems,
  waitTime,
} from "./receive-route.ts"

const digits = (count: v.GenericSchema<number, number>) =>
  v.pipe(v.string(), v.regex(/^\d{1,9}$/, "a whole number"), v.transform(Number), count)

const receiveQuery = v.strictObject({
  cid: consumerName,
  limit: v.optional(digits(messageCount), String(bounds.pullMessages)),
  waitMs: v.optional(digits(waitTime), "0"),
})
const ackQuery = v.strictObject({
  cid: consumerName,
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(bounds.receiptLengthMax)),
})

/** A queue with nothing to it, of the topic and group that the configuration names. */
export const simpleQueueRoutes = (deps: PullDeps, messages: Route): readonly Route[] => [
  publishRoute(deps, messages),
  simpleReceiveRoute(deps),
  simpleAckRoute(deps),
]

function publishRoute(deps: PullDeps, messages: Route): Route {
  return {
    method: "POST",
    path: "/v1/publish",
    operation: {
      ...messagesOperation,
      id: "publishSimply",
      summary: "Publish to the simple queue",
      description: "As publishing to the topic that `http.simpleQueue` names.",
      problems: [...messagesOperation.problems, "no_simple_queue"],
    },
    serve(request) {
      const queue = simpleQueue(deps)
      if ("code" in queue) return problemResponse(queue)
      return messages.serve(request, { topic: queue.topic })
    },
  }
}

const path = "/v1/consumer"
const cid = { name: "cid", description: "The consumer's name", isRequired: true }

function simpleReceiveRoute(deps: PullDeps): Route {
  return {
    method: "GET",
    path,
    operation: {
      id: "receiveSimply",
      summary: "Receive messages of the simple queue",
      description:
        "The messages are the consumer's until they are deleted, or the group's visibility timeout " +
        "is over. The `id` of a message that has none is its receipt.",
      query: [
        cid,
        { name: "limit", description: "Messages at most", isRequired: false },
        { name: "waitMs", description: "How long to wait for the first", isRequired: false },
      ],
      successes: [received],
      problems: ["invalid_pull", "no_simple_queue", "method_not_allowed", ...receiveProblems],
    },
    async serve(request) {
      // It would give out messages, and not say which.
      if (request.method === "HEAD") {
        const headers = { allow: "GET, DELETE" }
        const detail = "HEAD is not possible here; allowed: GET, DELETE"
        return problemResponse(problem("method_not_allowed", detail), { headers })
      }
      const queue = simpleQueue(deps)
      if ("code" in queue) return problemResponse(queue)
      const query = readQuery(request, receiveQuery)
      if ("code" in query) return problemResponse(query)
      const { cid: consumer, limit: max, waitMs } = query.value
      const asked = { consumer, max, waitMs }
      return receive(deps, queue, asked, request.signal, (receipt) => receipt)
    },
  }
}

function simpleAckRoute(deps: PullDeps): Route {
  return {
    method: "DELETE",
    path,
    operation: {
      id: "ackSimply",
      summary: "Say that a message of the simple queue is done with",
      query: [cid, { name: "id", description: "The message's id", isRequired: true }],
      successes: [
        {
          status: 200,
          description: "It is given to nobody any more",
          mediaType: "application/json",
          schema: simpleAckSchema,
        },
      ],
      problems: ["invalid_pull", "no_simple_queue", "stale_receipt"],
    },
    serve(request) {
      const queue = simpleQueue(deps)
      if ("code" in queue) return problemResponse(queue)
      const query = readQuery(request, ackQuery)
      if ("code" in query) return problemResponse(query)
      const { cid: consumer, id } = query.value
      const lease = leaseOf(deps, queue, consumer, id)
      if (lease !== undefined && queue.pull.ack(lease.number)) {
        return jsonResponse({ id, acked: true })
      }
      const detail = "the consumer does not have that message, or has it no more"
      return problemResponse(problem("stale_receipt", detail))
    },
  }
}

function simpleQueue(deps: PullDeps): PulledGroup | Problem {
  const { simpleQueue: names } = deps.router.config.http
  if (names !== undefined) return pulledGroup(deps, names)
  return problem("no_simple_queue", "http.simpleQueue is not configured")
}

/** The oldest message of that id that the consumer has. */
function leaseOf(
  { receipts }: PullDeps,
  { topic, group, pull }: PulledGroup,
  consumer: string,
  id: string,
): Lease<Pulled> | undefined {
  const leases = pull.leasesOf(consumer)
  const number = receipts.read(topic, group, id)
  return leases.find(
    (lease) => lease.number === number || messageId(lease.message.properties) === id,
  )
}

function messageId(properties: Uint8Array): string | undefined {
  try {
    return textProperty(properties, "messageId")
  } catch {
    // A list that is malformed has none.
    return undefined
  }
}

function readQuery<Schema extends v.GenericSchema>(
  request: Request,
  schema: Schema,
): { readonly value: v.InferOutput<Schema> } | Problem {
  const query = Object.fromEntries(queryOf(request))
  const parsed = v.safeParse(schema, query)
  return parsed.success ? { value: parsed.output } : formProblem(parsed.issues[0], "invalid_pull")
}
