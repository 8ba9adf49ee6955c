import * as v from "valibot"
import type { ClientAnswer } from "../broker/clients/client-answer.ts"
import type { ClientGroup } from "../broker/clients/client-group.ts"
import { bounds } from "../core/bounds.ts"
import type { HttpDeps } from "./deps.ts"
import { jsonResponse } from "./json-response.ts"
import { readMember } from "./members.ts"
import type { Operation } from "./operation.ts"
import { problem, problemResponse } from "./problem.ts"
import { queryOf } from "./query-of.ts"
import type { Route } from "./route.ts"
import { bindingSchema, clientDoneSchema, clientErrorSchema } from "./schemas.ts"

const queueName = v.pipe(v.string(), v.minLength(1), v.maxLength(bounds.queueNameBytesMax))
const bodySchema = v.object({ queue: v.exactOptional(queueName) })
/** Goes into a routing key, and into a path. */
const hostname = /^[!-~]+$/

type Step = "bind" | "ready" | "heartbeat" | "unbind"

const summaries: Readonly<Record<Step, string>> = {
  bind: "Ask for the routing key and exchange to bind a queue with",
  ready: "Say that the queue is bound",
  heartbeat: "Say that the client lives",
  unbind: "Say that the client takes no more messages",
}

/** Clients of a client-bound group, as in the original PartyMQ. */
export const clientRoutes = (deps: HttpDeps): readonly Route[] =>
  (["bind", "ready", "heartbeat", "unbind"] as const).map((step) => clientRoute(deps, step))

function clientRoute(deps: HttpDeps, step: Step): Route {
  return {
    method: "POST",
    path: `/clients/:hostname/${step}`,
    operation: {
      id: `client${step[0]!.toUpperCase()}${step.slice(1)}`,
      summary: summaries[step],
      description:
        "The body, which may be left out, is `{queue?}`: the name of the client's queue. With several " +
        "client-bound groups `?topic=&group=` says which.",
      bodies: ["application/json"],
      successes: [step === "bind" ? bound : done, conflict],
      problems: [
        "invalid_member",
        "body_incomplete",
        "body_read_timeout",
        "body_too_large",
        "shutting_down",
        "unknown_group",
        "not_ready",
      ],
    },
    async serve(request, { hostname: client = "" }) {
      const group = groupOf(deps, queryOf(request))
      if (group === undefined) {
        const detail = "there is no such client-bound group; of several, ?topic=&group= names one"
        return problemResponse(problem("unknown_group", detail))
      }
      if (!hostname.test(client) || client.length > bounds.clientNameLengthMax) {
        const detail = `a host name is up to ${bounds.clientNameLengthMax} visible ASCII characters`
        return problemResponse(problem("invalid_member", detail))
      }
      const read = await readMember(request, deps, bodySchema)
      if (read instanceof Response) return read
      const answer = await take(group, step, client, read.value.queue)
      if (answer.kind === "conflict") return jsonResponse({ error: answer.error }, 409)
      if (answer.kind === "away") return problemResponse(problem("not_ready", answer.detail))
      if (step !== "bind") return jsonResponse({})
      return jsonResponse({ routingKey: group.routingKey(client), exchange: group.config.exchange })
    },
  }
}

async function take(
  group: ClientGroup,
  step: Step,
  client: string,
  queue: string | undefined,
): Promise<ClientAnswer> {
  switch (step) {
    case "bind":
      return group.bind(client, queue)
    case "ready":
      return group.ready(client, queue)
    case "heartbeat":
      return group.heartbeat(client)
    case "unbind":
      return group.unbind(client)
  }
}

function groupOf({ router }: HttpDeps, query: URLSearchParams): ClientGroup | undefined {
  const [topic, group] = [query.get("topic"), query.get("group")]
  const found = router.clientGroups.filter(
    (each) => (topic === null || each.topic === topic) && (group === null || each.group === group),
  )
  return found.length === 1 ? found[0] : undefined
}

const bound: Operation["successes"][number] = {
  status: 200,
  description: "What to bind the queue with",
  mediaType: "application/json",
  schema: bindingSchema,
}

const done: Operation["successes"][number] = {
  status: 200,
  description: "Done",
  mediaType: "application/json",
  schema: clientDoneSchema,
}

const conflict: Operation["successes"][number] = {
  status: 409,
  description: "It cannot be done as things stand; `error` says what to do",
  mediaType: "application/json",
  schema: clientErrorSchema,
}
