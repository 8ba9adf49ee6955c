import * as v from "valibot"
import { bounds } from "../core/bounds.ts"
import type { Assignment } from "../group-coordinator.ts"
import type { HttpDeps } from "./deps.ts"
import { groupOf } from "./group-of.ts"
import { jsonResponse } from "./json-response.ts"
import { keyRule } from "./key-rule.ts"
import type { Operation } from "./operation.ts"
import { problem, problemResponse } from "./problem.ts"
import { readJson, unreadableBody } from "./read-json.ts"
import type { Route } from "./route.ts"
import { assignmentSchema, leftSchema } from "./schemas.ts"

const path = "/v1/topics/:topic/groups/:group/members"

const memberId = v.pipe(v.string(), v.minLength(1), v.maxLength(bounds.memberIdLengthMax))
const joinSchema = v.strictObject({ memberId: v.exactOptional(memberId) })
const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const heartbeatSchema = v.strictObject({
  generation: index,
  partitions: v.pipe(v.array(index), v.maxLength(bounds.partitionsMax)),
  leaving: v.exactOptional(v.boolean()),
})

/** Members of groups: they join, say that they live and what they have done, and leave. */
export const memberRoutes = (deps: HttpDeps): readonly Route[] => [
  joinRoute(deps),
  heartbeatRoute(deps),
  leaveRoute(deps),
]

function joinRoute(deps: HttpDeps): Route {
  return {
    method: "POST",
    path,
    operation: {
      id: "joinGroup",
      summary: "Join a group",
      description:
        "The body, which may be left out, is `{memberId?}`. A member that joins again has lost all " +
        "its channels.",
      bodies: ["application/json"],
      successes: [assigned],
      problems: [
        ...unreadable,
        "unknown_topic",
        "unknown_group",
        "client_bound_group",
        "too_many_members",
      ],
    },
    async serve(request, parameters) {
      const group = groupOf(deps, parameters)
      if ("code" in group) return problemResponse(group)
      const read = await readMember(request, deps, joinSchema)
      if (read instanceof Response) return read
      if (!group.hasPlaceFor(read.value.memberId)) {
        const detail = `the group has ${bounds.groupMembersMax} members`
        return problemResponse(problem("too_many_members", detail))
      }
      return answer(deps, parameters, group.join(read.value.memberId))
    },
  }
}

function heartbeatRoute(deps: HttpDeps): Route {
  return {
    method: "PUT",
    path: `${path}/:member`,
    operation: {
      id: "heartbeat",
      summary: "Say that a member lives, and what it has done",
      description:
        "The body is `{generation, partitions, leaving?}`: the newest assignment whose queues are all subscribed " +
        "to, and the partitions whose channel is open, those included that are being drained, and " +
        "whether it wants to leave. Answers the current assignment. After `unknown_member` close all channels and join.",
      bodies: ["application/json"],
      successes: [assigned],
      problems: [
        ...unreadable,
        "unknown_topic",
        "unknown_group",
        "client_bound_group",
        "unknown_member",
      ],
    },
    async serve(request, parameters) {
      const group = groupOf(deps, parameters)
      if ("code" in group) return problemResponse(group)
      const read = await readMember(request, deps, heartbeatSchema)
      if (read instanceof Response) return read
      const { member = "" } = parameters
      const isPossible = member.length <= bounds.memberIdLengthMax
      const assignment = isPossible ? group.heartbeat(member, read.value) : undefined
      return assignment === undefined ? unknownMember(member) : answer(deps, parameters, assignment)
    },
  }
}

function leaveRoute(deps: HttpDeps): Route {
  return {
    method: "DELETE",
    path: `${path}/:member`,
    operation: {
      id: "leaveGroup",
      summary: "Leave a group",
      description: "To be called once all channels are drained and closed.",
      successes: [
        {
          status: 200,
          description: "Its partitions go to the others",
          mediaType: "application/json",
          schema: leftSchema,
        },
      ],
      problems: ["unknown_topic", "unknown_group", "client_bound_group", "unknown_member"],
    },
    serve(_request, parameters) {
      const group = groupOf(deps, parameters)
      if ("code" in group) return problemResponse(group)
      const { member = "" } = parameters
      if (!group.leave(member)) return unknownMember(member)
      return jsonResponse({ memberId: member, left: true })
    },
  }
}

const assigned: Operation["successes"][number] = {
  status: 200,
  description: "What the member is to be subscribed to",
  mediaType: "application/json",
  schema: assignmentSchema,
}

const unreadable = ["invalid_member", ...unreadableBody] as const

/**
 * The assignment, of what type its queues are, by what key its messages were placed, and whether parked
 * keys have changed.
 */
function answer(
  { router }: HttpDeps,
  { topic = "", group = "" }: Readonly<Record<string, string>>,
  assignment: Assignment,
): Response {
  const config = router.config.topics[topic]!
  const key = keyRule(config)
  const queueType = config.groups[group]!.queue.type
  const parkedKeysVersion = router.parkingLot(topic, group)?.version
  const known = parkedKeysVersion === undefined ? {} : { parkedKeysVersion }
  return jsonResponse({ ...assignment, queueType, key, ...known })
}

function unknownMember(member: string): Response {
  const shown = JSON.stringify(member.slice(0, bounds.memberIdLengthMax))
  const detail = `${shown} is no member, or is one no more: close all its channels, then join`
  return problemResponse(problem("unknown_member", detail))
}

/** The body as JSON of that form; or the answer that says why not. */
export const readMember = <Schema extends v.GenericSchema>(
  request: Request,
  deps: HttpDeps,
  schema: Schema,
) =>
  readJson(request, deps, schema, {
    bytesMax: bounds.memberBodyBytesMax,
    invalid: "invalid_member",
  })
