import type { Config, GroupConfig, TopicConfig } from "./config/config.ts"
import { type Generation, partitionQueue } from "./core/generation.ts"
import { type GroupRoute, groupRoute, type TopicRoute } from "./core/route.ts"
import { firstKey } from "./plugin/first-key.ts"
import { type LoadedExtractor, loadKeyExtractor } from "./plugin/load-key-extractor.ts"
import { loadPartitioner } from "./plugin/load-partitioner.ts"
import { partitionSet } from "./plugin/partition-set.ts"

/** A topic with its plugins loaded: all that can be known without the broker. */
export interface TopicPlan {
  readonly topic: string
  readonly config: TopicConfig
  /** In the order they are asked. */
  readonly extractors: readonly LoadedExtractor[]
  /** How messages are routed if the broker agrees with `generations`. */
  readonly route: TopicRoute
  /** What the configuration asks for, by group. */
  readonly generations: readonly Generation[]
}

/** The generation that a configuration describes; the first, until a group is rescaled. */
const firstGeneration = 1

/**
 * Loads the plugins of every topic.
 * @param baseDir the folder that plugin paths are relative to
 * @throws {PluginError} when one is missing, broken or refuses its options
 */
export function planTopics(config: Config, baseDir: string): Promise<readonly TopicPlan[]> {
  const topics = Object.entries(config.topics)
  return Promise.all(topics.map(([topic, topicConfig]) => planTopic(topic, topicConfig, baseDir)))
}

async function planTopic(topic: string, config: TopicConfig, baseDir: string): Promise<TopicPlan> {
  const extractors = await Promise.all(config.key.map((use) => loadKeyExtractor(use, { baseDir })))
  const groups = await Promise.all(
    Object.entries(config.groups).map(([group, each]) => planGroup(topic, group, each, baseDir)),
  )
  return {
    topic,
    config,
    extractors,
    route: {
      topic,
      extractKey: firstKey(extractors.map(({ extract }) => extract)),
      onMissingKey: config.onMissingKey,
      groups: groups.map(({ route }) => route),
      ...(Object.values(config.groups).some(({ clients }) => clients) && { carriesKey: true }),
    },
    generations: groups.map(({ generation }) => generation),
  }
}

async function planGroup(
  topic: string,
  group: string,
  config: GroupConfig,
  baseDir: string,
): Promise<{ route: GroupRoute; generation: Generation }> {
  const count =
    typeof config.partitions === "number" ? config.partitions : config.clients!.partitions
  const partitions = partitionSet(count, config.weights)
  const loaded = await loadPartitioner(config.partitioner, { baseDir, partitions })
  const queues = partitions.map(({ index }) => partitionQueue(topic, group, firstGeneration, index))
  const generation: Generation = {
    topic,
    group,
    generation: firstGeneration,
    partitions: count,
    ...(config.weights && { weights: config.weights }),
    partitioner: { name: loaded.name, options: loaded.options },
    ...(loaded.fingerprint && { fingerprint: loaded.fingerprint }),
    queue: { ...config.queue },
  }
  const { partition } = loaded
  const route = groupRoute({ group, generation: firstGeneration, partition, queues })
  return { route, generation }
}
