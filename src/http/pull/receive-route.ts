import * as v from "valibot"
import { bounds } from "../../core/bounds.ts"
import { unavailableResponse } from "../outcome-response.ts"
import { problemResponse } from "../problem.ts"
import { stoppingProblem } from "../readiness-problem.ts"
import type { Route } from "../route.ts"
import {
  type PullDeps,
  type PulledGroup,
  pulledGroup,
  pullProblems,
  readPull,
} from "./pull-deps.ts"
import { receivedSchema } from "./pull-schemas.ts"
import { pulledText } from "./pulled-text.ts"

const whole = (min: number, max: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max))

export const consumerName = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(bounds.consumerNameLengthMax),
)
export const messageCount = whole(1, bounds.pullMessagesMax)
export const waitTime = whole(0, bounds.pullWaitMsMax)
export const visibilityTimeout = whole(bounds.visibilityTimeoutMsMin, bounds.visibilityTimeoutMsMax)

const receiveSchema = v.strictObject({
  consumer: consumerName,
  max: v.optional(messageCount, bounds.pullMessages),
  waitMs: v.optional(waitTime, 0),
  visibilityTimeoutMs: v.exactOptional(visibilityTimeout),
})

export const received = {
  status: 200,
  description: "Messages, each with a receipt",
  mediaType: "application/json",
  schema: receivedSchema,
} as const

export const receiveProblems = ["overloaded", "shutting_down", "broker_away"] as const

export function receiveRoute(deps: PullDeps): Route {
  return {
    method: "POST",
    path: "/v1/topics/:topic/groups/:group/receive",
    operation: {
      id: "receiveMessages",
      summary: "Receive messages of a group",
      description:
        "The body is `{consumer, max?, waitMs?, visibilityTimeoutMs?}`. Answers as soon as there is " +
        "something, or with nothing after `waitMs`. A message is the consumer's until it is acked or " +
        "given back, or `visibilityTimeoutMs` is over; until then nobody gets another of its key.",
      bodies: ["application/json"],
      successes: [received],
      problems: [...new Set([...pullProblems, ...receiveProblems])],
    },
    async serve(request, parameters) {
      const group = pulledGroup(deps, parameters)
      if ("code" in group) return problemResponse(group)
      const read = await readPull(request, deps, receiveSchema)
      if (read instanceof Response) return read
      return receive(deps, group, read.value, request.signal)
    },
  }
}

/** Who wants how many messages. */
export type Asked = v.InferOutput<typeof receiveSchema>

/**
 * Waits for messages and answers with them.
 * @param idOf the id to be told of a message that has none, by its receipt @default null
 */
export async function receive(
  deps: PullDeps,
  { topic, group, pull, config }: PulledGroup,
  asked: Asked,
  signal: AbortSignal,
  idOf: (receipt: string) => string | null = () => null,
): Promise<Response> {
  const { consumer, max, waitMs } = asked
  const { visibilityTimeoutMs = config.visibilityTimeoutMs } = asked
  const taking = { consumer, max, bytesMax: bounds.pullAnswerBytesMax, visibilityTimeoutMs }
  const outcome = await pull.receive(taking, waitMs, [signal, deps.stopping])
  if (outcome.kind === "unavailable") return unavailableResponse(outcome)
  if (outcome.leases.length === 0) {
    const stopping = stoppingProblem(deps)
    if (stopping !== undefined) return problemResponse(stopping)
  }
  const texts = outcome.leases.map((lease) => {
    const receipt = deps.receipts.of(topic, group, lease)
    return pulledText(lease, receipt, idOf(receipt))
  })
  return new Response(`{"messages":[${texts.join(",")}]}`, {
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  })
}
