import * as v from "valibot"
import { bounds } from "../../core/bounds.ts"
import { jsonResponse } from "../json-response.ts"
import { problem, problemResponse } from "../problem.ts"
import { problemCatalogue } from "../problem-catalogue.ts"
import type { Route } from "../route.ts"
import {
  type PullDeps,
  type PulledGroup,
  pulledGroup,
  pullProblems,
  readPull,
} from "./pull-deps.ts"
import { type ReceiptResult, type ReceiptResults, receiptResultsSchema } from "./pull-schemas.ts"
import { visibilityTimeout } from "./receive-route.ts"

export type ReceiptVerb = "ack" | "nack" | "extend"

const receipt = v.pipe(v.string(), v.maxLength(bounds.receiptLengthMax))
const receipts = v.pipe(v.array(receipt), v.minLength(1), v.maxLength(bounds.pullReceiptsMax))
const delay = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(bounds.nackDelayMsMax))

interface Verb {
  readonly id: string
  readonly summary: string
  readonly description: string
  readonly schema: v.GenericSchema<unknown, Said>
}

interface Said {
  readonly receipts: readonly string[]
  readonly delayMs?: number
  readonly visibilityTimeoutMs?: number
}

const verbs: { readonly [verb in ReceiptVerb]: Verb } = {
  ack: {
    id: "ackMessages",
    summary: "Say that messages are done with",
    description: "The body is `{receipts}`.",
    schema: v.strictObject({ receipts }),
  },
  nack: {
    id: "nackMessages",
    summary: "Give messages back",
    description:
      "The body is `{receipts, delayMs?}`. They are given out again, before newer ones of their keys, " +
      "once the delay is over, or become dead letters if that was their last delivery.",
    schema: v.strictObject({ receipts, delayMs: v.exactOptional(delay) }),
  },
  extend: {
    id: "extendLeases",
    summary: "Keep messages for longer",
    description: "The body is `{receipts, visibilityTimeoutMs?}`: how long from now.",
    schema: v.strictObject({ receipts, visibilityTimeoutMs: v.exactOptional(visibilityTimeout) }),
  },
}

/** `ack`, `nack` or `extend`: of several receipts each has its own result. */
export function receiptsRoute(deps: PullDeps, verb: ReceiptVerb): Route {
  const { id, summary, description, schema } = verbs[verb]
  return {
    method: "POST",
    path: `/v1/topics/:topic/groups/:group/${verb}`,
    operation: {
      id,
      summary,
      description,
      bodies: ["application/json"],
      successes: [
        {
          status: 200,
          description: "Done, for every receipt",
          mediaType: "application/json",
          schema: receiptResultsSchema,
        },
        {
          status: 207,
          description: "Some receipts were stale; the results say which",
          mediaType: "application/json",
          schema: receiptResultsSchema,
        },
      ],
      problems: [...pullProblems, "stale_receipt"],
    },
    async serve(request, parameters) {
      const group = pulledGroup(deps, parameters)
      if ("code" in group) return problemResponse(group)
      const read = await readPull(request, deps, schema)
      if (read instanceof Response) return read
      return settle(deps, group, verb, read.value)
    },
  }
}

function settle(deps: PullDeps, group: PulledGroup, verb: ReceiptVerb, said: Said): Response {
  const results = said.receipts.map((each): ReceiptResult => {
    const lease = deps.receipts.read(group.topic, group.group, each)
    const isDone = lease !== undefined && apply(group, verb, said, lease)
    return isDone ? { receipt: each, status: 200 } : { receipt: each, ...stale }
  })
  const failed = results.filter(({ status }) => status !== 200).length
  const accepted = results.length - failed
  if (accepted === 0) return problemResponse(problem("stale_receipt", stale.detail))
  const answer: ReceiptResults = { accepted, failed, results }
  return jsonResponse(answer, failed === 0 ? 200 : 207)
}

function apply({ pull, config }: PulledGroup, verb: ReceiptVerb, said: Said, lease: number) {
  switch (verb) {
    case "ack":
      return pull.ack(lease)
    case "nack":
      return pull.nack(lease, said.delayMs ?? 0)
    case "extend":
      return pull.extend(lease, said.visibilityTimeoutMs ?? config.visibilityTimeoutMs)
  }
}

const stale = {
  status: 409,
  code: "stale_receipt",
  detail:
    "the lease is over, was ended before, or is of another group or process: somebody else gets the message, or has it",
  retriable: problemCatalogue.stale_receipt.retriable,
} as const
