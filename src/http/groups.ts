import type { GroupCoordinator } from "../group-coordinator.ts"
import { within } from "../within.ts"
import type { HttpDeps } from "./deps.ts"
import { groupOf } from "./group-of.ts"
import {
  type GroupDescription,
  groupDescriptionSchema,
  type MemberList,
  membersSchema,
} from "./group-schemas.ts"
import { jsonResponse } from "./json-response.ts"
import { problem, problemResponse } from "./problem.ts"
import type { Route } from "./route.ts"

/** Groups as they are at the moment: who is a member, who has which partition, and what stands still. */
export const groupRoutes = (deps: HttpDeps): readonly Route[] => [
  membersRoute(deps),
  groupRoute(deps),
]

function membersRoute(deps: HttpDeps): Route {
  return {
    method: "GET",
    path: "/v1/topics/:topic/groups/:group/members",
    operation: {
      id: "listMembers",
      summary: "The members of a group",
      description: "As this router knows them.",
      successes: [
        {
          status: 200,
          description: "Members by name, with their partitions",
          mediaType: "application/json",
          schema: membersSchema,
        },
      ],
      problems: ["unknown_topic", "unknown_group", "client_bound_group"],
    },
    serve(_request, parameters) {
      const group = groupOf(deps, parameters)
      if ("code" in group) return problemResponse(group)
      return jsonResponse({ members: memberList(group) })
    },
  }
}

function groupRoute(deps: HttpDeps): Route {
  return {
    method: "GET",
    path: "/v1/topics/:topic/groups/:group",
    operation: {
      id: "describeGroup",
      summary: "One group: partitions, depth, members, and what stands still",
      successes: [
        {
          status: 200,
          description: "The group as it is at the moment",
          mediaType: "application/json",
          schema: groupDescriptionSchema,
        },
      ],
      problems: ["unknown_topic", "unknown_group", "client_bound_group", "broker_away"],
    },
    async serve(_request, parameters) {
      const { topic = "", group: name = "" } = parameters
      const coordinator = groupOf(deps, parameters)
      if ("code" in coordinator) return problemResponse(coordinator)
      const { router, watchdog } = deps
      const late = () => new Error("the broker has not answered in time")
      const asked = within(router.config.http.publishTimeoutMs, router.describe(topic), late)
      const groups = await asked.catch(() => undefined)
      const status = groups?.find(({ group }) => group === name)
      if (status === undefined) return problemResponse(problem("broker_away", late().message))
      const members = memberList(coordinator)
      const idle = new Map(watchdog.idle(topic, name).map((each) => [each.partition, each]))
      const { generation, partitioner } = status
      const partitions = status.queues.map(({ queue, messages, consumers }, partition) => {
        const standing = idle.get(partition)
        return {
          partition,
          queue,
          messages: messages ?? null,
          consumers: consumers ?? null,
          members: members
            .filter(({ assigned }) => assigned.includes(partition))
            .map(({ memberId }) => memberId),
          ...(standing && { idle: { reason: standing.reason, why: standing.why } }),
        }
      })
      const description: GroupDescription = {
        ...{ topic, group: name, generation, partitioner },
        members,
        partitions,
      }
      return jsonResponse(description)
    },
  }
}

const memberList = ({ members }: GroupCoordinator): MemberList =>
  members.map(({ assigned, subscribed, ...member }) => {
    return { ...member, assigned: [...assigned], subscribed: [...subscribed] }
  })
