import { bounds } from "./bounds.ts"
import { InvalidKey, type KeyValue, keyBytes, type PartitionKey } from "./key.ts"
import { InvalidJson, type MessageView } from "./message.ts"
import type { Placement, RejectReason } from "./outcome.ts"

/** How one group of a topic places messages, in one generation; made by `groupRoute`. */
export interface GroupRoute {
  readonly group: string
  readonly generation: number
  readonly partition: (key: PartitionKey) => number
  /** Queue names by partition. */
  readonly queues: readonly string[]
  /** What is said of a message that goes to a partition, by partition. */
  readonly placements: readonly Placement[]
}

export function groupRoute(parts: Omit<GroupRoute, "placements">): GroupRoute {
  const { group, generation, queues } = parts
  // Messages share them, and they are shown to whoever publishes.
  const placements = queues.map((queue, partition) =>
    Object.freeze({ group, generation, partition, queue }),
  )
  return { ...parts, placements }
}

/** All that is needed to decide where a topic's messages go. */
export interface TopicRoute {
  readonly topic: string
  readonly extractKey: (message: MessageView) => KeyValue | undefined
  readonly onMissingKey: "dead-letter" | "spread" | { readonly key: string }
  readonly groups: readonly GroupRoute[]
  /** A key that was given outright is written into the message: it has to be found again. */
  readonly carriesKey?: boolean
}

export interface Routed {
  readonly kind: "routed"
  /** `undefined`: spread, no order promised. */
  readonly key: PartitionKey | undefined
  /** One for each group, in the topic's order. */
  readonly placements: readonly Placement[]
}

export interface Rejected {
  readonly kind: "rejected"
  readonly reason: RejectReason
  /** For people; never quotes the message. */
  readonly detail: string
}

/**
 * Decides where a message goes. Depends on nothing but its arguments, so every process that has the
 * same generations decides alike.
 *
 * @param given a key set outright by the producer; the extractors are not asked
 * @param turn counts the messages without a key, for `onMissingKey: "spread"`
 */
export function route(
  topic: TopicRoute,
  message: MessageView,
  given: PartitionKey | undefined,
  turn: () => number,
): Routed | Rejected {
  const found = given === undefined ? findKey(topic, message) : given
  if (found !== undefined && !(found instanceof Uint8Array)) return found
  const key = found ?? substituteKey(topic)
  if (key === "dead-letter") return missingKey(topic)
  return key === undefined ? spread(topic, turn()) : place(topic, key)
}

function findKey(topic: TopicRoute, message: MessageView): PartitionKey | undefined | Rejected {
  try {
    const value = topic.extractKey(message)
    const key = value === undefined ? undefined : keyBytes(value)
    if (key === undefined || key.length <= bounds.keyBytesMax) return key
    const detail = `the key is ${key.length} bytes, ${bounds.keyBytesMax} are allowed`
    return { kind: "rejected", reason: "invalid_key", detail }
  } catch (error) {
    return { kind: "rejected", ...extractionFailure(error) }
  }
}

function extractionFailure(error: unknown): { reason: RejectReason; detail: string } {
  if (error instanceof InvalidKey || error instanceof InvalidJson) {
    return { reason: error.code, detail: error.message }
  }
  return { reason: "plugin_error", detail: `the key extractor threw ${nameOf(error)}` }
}

/** A stranger's error message may quote the body; its name does not. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

const encoder = new TextEncoder()

function substituteKey(topic: TopicRoute): PartitionKey | undefined | "dead-letter" {
  const policy = topic.onMissingKey
  if (policy === "dead-letter") return policy
  return policy === "spread" ? undefined : (encoder.encode(policy.key) as PartitionKey)
}

function missingKey(topic: TopicRoute): Rejected {
  const detail = `no key extractor of topic "${topic.topic}" found a key`
  return { kind: "rejected", reason: "missing_key", detail }
}

function spread(topic: TopicRoute, turn: number): Routed {
  const placements = topic.groups.map((group) => group.placements[turn % group.placements.length]!)
  return { kind: "routed", key: undefined, placements }
}

function place(topic: TopicRoute, key: PartitionKey): Routed | Rejected {
  const placements: Placement[] = []
  for (const group of topic.groups) {
    const partition = partitionOf(group, key)
    if (typeof partition === "string") {
      return { kind: "rejected", reason: "plugin_error", detail: partition }
    }
    placements.push(group.placements[partition]!)
  }
  return { kind: "routed", key, placements }
}

/** The partition, or what is wrong with the partitioner. */
function partitionOf(group: GroupRoute, key: PartitionKey): number | string {
  try {
    // Its own copy: one that writes to it must not misplace the next group's, or change the order key.
    const partition = group.partition(new Uint8Array(key) as PartitionKey)
    if (Number.isInteger(partition) && partition >= 0 && partition < group.queues.length) {
      return partition
    }
    // Anything but a number might quote the key.
    const returned = typeof partition === "number" ? partition : `a ${typeof partition}`
    return `the partitioner of group "${group.group}" returned ${returned}, 0 to ${group.queues.length - 1} are allowed`
  } catch (error) {
    return `the partitioner of group "${group.group}" threw ${nameOf(error)}`
  }
}
