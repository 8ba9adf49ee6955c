import type { ClientGroup } from "../broker/clients/client-group.ts"
import type { TopicConfig } from "../config/config.ts"
import type { GroupStatus } from "../router.ts"
import { within } from "../within.ts"
import type { HttpDeps } from "./deps.ts"
import { jsonResponse } from "./json-response.ts"
import { problem, problemResponse } from "./problem.ts"
import type { Route } from "./route.ts"
import {
  type TopicList,
  type TopicStatus,
  type TopicSummary,
  topicListSchema,
  topicStatusSchema,
} from "./schemas.ts"
import { unknownTopic } from "./unknown-topic.ts"

/** `GET /v1/topics`: what is configured, without asking the broker. */
export function topicListRoute({ router }: HttpDeps): Route {
  return {
    method: "GET",
    path: "/v1/topics",
    operation: {
      id: "listTopics",
      summary: "All topics",
      successes: [
        {
          status: 200,
          description: "The topics configured",
          mediaType: "application/json",
          schema: topicListSchema,
        },
      ],
      problems: [],
    },
    serve() {
      const topics = Object.entries(router.config.topics).map(([topic, config]) =>
        topicSummary(topic, config),
      )
      return jsonResponse({ topics } satisfies TopicList)
    },
  }
}

/** `GET /v1/topics/{topic}`: groups, partitions, and what the broker says of each queue. */
export function topicRoute({ router }: HttpDeps): Route {
  return {
    method: "GET",
    path: "/v1/topics/:topic",
    operation: {
      id: "describeTopic",
      summary: "One topic: groups, partitions, depth, consumers",
      successes: [
        {
          status: 200,
          description: "The topic as it is routed at the moment",
          mediaType: "application/json",
          schema: topicStatusSchema,
        },
      ],
      problems: ["unknown_topic", "broker_away"],
    },
    async serve(_request, { topic = "" }) {
      const refusal = unknownTopic(router.config, topic)
      if (refusal !== undefined) return problemResponse(refusal)
      const described = within(router.config.http.publishTimeoutMs, router.describe(topic), late)
      const boundOf = (name: string) =>
        router.clientGroups.find((each) => each.topic === topic && each.group === name)
      const groups = await described.catch(() => undefined)
      if (groups === undefined) return problemResponse(problem("broker_away", late().message))
      return jsonResponse(topicStatus(topic, router.config.topics[topic]!, groups, boundOf))
    },
  }
}

const late = () => new Error("the broker has not answered in time")

/** Plugins by name only: their options are the user's and may hold what is not for everyone. */
export function topicSummary(topic: string, config: TopicConfig): TopicSummary {
  const { source, key, onMissingKey, groups } = config
  return {
    topic,
    source: source?.queue ?? null,
    key: key.map(({ use }) => use),
    onMissingKey: typeof onMissingKey === "object" ? "fixed" : onMissingKey,
    groups: Object.keys(groups),
  }
}

export function topicStatus(
  topic: string,
  config: TopicConfig,
  groups: readonly GroupStatus[],
  /** A client-bound group of that name. */
  boundOf: (group: string) => Pick<ClientGroup, "clientOf" | "problems"> | undefined = () =>
    undefined,
): TopicStatus {
  return {
    ...topicSummary(topic, config),
    groups: groups.map(({ group, generation, partitions, partitioner, queues }) => {
      const bound = boundOf(group)
      return {
        group,
        generation,
        partitions,
        partitioner,
        ...(bound !== undefined && bound.problems.length > 0 && { problems: [...bound.problems] }),
        queues: queues.map(({ queue, messages, consumers }, partition) => ({
          partition,
          queue,
          messages: messages ?? null,
          consumers: consumers ?? null,
          ...(bound !== undefined && { client: bound.clientOf(partition) ?? null }),
        })),
      }
    }),
  }
}
