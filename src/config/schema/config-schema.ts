import * as v from "valibot"
import { isOwnQueue } from "../../core/own-queue.ts"
import { amqpSchema } from "./amqp-schema.ts"
import { type Contradiction, contradictions } from "./contradictions.ts"
import { durationMs, name, oneOf } from "./fields.ts"
import { httpSchema } from "./http-schema.ts"
import { named, section } from "./section.ts"
import { topicSchema } from "./topic-schema.ts"

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const

const fields = section({
  amqp: v.optional(amqpSchema, {}),
  http: v.optional(httpSchema, {}),
  log: v.optional(section({ level: v.optional(oneOf(levels), "info") }), {}),
  shutdownTimeoutMs: v.optional(durationMs(0), 10_000),
  topics: v.pipe(named(name, topicSchema), v.minEntries(1, "at least one topic")),
})

/** The whole of what a user may write. Each message says what is allowed at its place. */
export const configSchema = v.pipe(
  fields,
  contradictions(sourcesTwice),
  contradictions(sourcesOfTheirOwn),
  contradictions(simpleQueueOfNothing),
  contradictions(routingKeysTwice),
)

/** What a user may write: the configuration with everything optional that has a default. */
export type ConfigInput = v.InferInput<typeof fields>

/** Two topics on one source queue would each see a part of its messages. */
function sourcesTwice(config: v.InferOutput<typeof fields>): Contradiction[] {
  const topicOf = new Map<string, string>()
  const found: Contradiction[] = []
  for (const [topic, { source }] of Object.entries(config.topics)) {
    if (source === undefined) continue
    const other = topicOf.get(source.queue)
    topicOf.set(source.queue, other ?? topic)
    if (other === undefined) continue
    const allowed = `a queue that is not the source of another topic; "${other}" has this one`
    found.push({ path: ["topics", topic, "source", "queue"], found: source.queue, allowed })
  }
  return found
}

/** A topic that reads what it has written itself would never come to its end. */
function sourcesOfTheirOwn({ topics }: v.InferOutput<typeof fields>): Contradiction[] {
  return Object.entries(topics).flatMap(([topic, { source, groups }]) => {
    if (source === undefined || !isOwnQueue(topic, Object.keys(groups), source.queue)) return []
    const allowed = "a queue that PartyMQ does not keep for this topic itself"
    return [{ path: ["topics", topic, "source", "queue"], found: source.queue, allowed }]
  })
}

/** Two groups with the same routing keys would each fill the queues of the other's clients. */
function routingKeysTwice({ topics }: v.InferOutput<typeof fields>): Contradiction[] {
  const seen = new Set<string>()
  const found: Contradiction[] = []
  for (const [topic, { groups }] of Object.entries(topics)) {
    for (const [group, { clients }] of Object.entries(groups)) {
      if (clients === undefined) continue
      const { routingKeyPrefix } = clients
      if (seen.has(routingKeyPrefix)) {
        const allowed = "one that no other client-bound group has"
        const path = ["topics", topic, "groups", group, "clients", "routingKeyPrefix"]
        found.push({ path, found: routingKeyPrefix, allowed })
      }
      seen.add(routingKeyPrefix)
    }
  }
  return found
}

/** The simple queue is that of a group which there is. */
function simpleQueueOfNothing({ http, topics }: v.InferOutput<typeof fields>): Contradiction[] {
  const { simpleQueue } = http
  if (simpleQueue === undefined) return []
  const path = ["http", "simpleQueue"]
  const { topic, group } = simpleQueue
  const groups = Object.hasOwn(topics, topic) ? topics[topic]!.groups : undefined
  if (groups === undefined) {
    const allowed = `a topic that is configured: ${Object.keys(topics).join(", ")}`
    return [{ path: [...path, "topic"], found: topic, allowed }]
  }
  const pulled = Object.keys(groups).filter((name) => groups[name]!.partitions !== "clients")
  if (pulled.includes(group)) return []
  const names = pulled.length === 0 ? "it has none" : pulled.join(", ")
  const allowed = `a group of topic "${topic}" that is not bound to clients: ${names}`
  return [{ path: [...path, "group"], found: group, allowed }]
}
