import type { Config, PluginUse } from "../config/config.ts"
import { ConfigError, type ConfigProblem } from "../config/config-error.ts"
import { shown } from "../config/shown.ts"
import { loadKeyExtractor } from "../plugin/load-key-extractor.ts"
import { loadPartitioner } from "../plugin/load-partitioner.ts"
import { partitionSet } from "../plugin/partition-set.ts"
import { PluginError } from "../plugin/plugin-error.ts"

/**
 * Loads every plugin that a configuration names, which is what validates their options.
 * @throws {ConfigError} naming each one that cannot be used
 */
export async function checkPlugins({ topics }: Config, baseDir: string): Promise<void> {
  const checks = Object.entries(topics).flatMap(([topic, { key, groups }]) => [
    ...key.map((use, index) =>
      problemOf(`topics.${topic}.key[${index}]`, use, () => loadKeyExtractor(use, { baseDir })),
    ),
    ...Object.entries(groups).map(([group, { partitions, partitioner, weights, clients }]) => {
      const count = partitions === "clients" ? clients!.partitions : partitions
      const path = `topics.${topic}.groups.${group}.partitioner`
      const load = () =>
        loadPartitioner(partitioner, { baseDir, partitions: partitionSet(count, weights) })
      return problemOf(path, partitioner, load)
    }),
  ])
  const problems = (await Promise.all(checks)).filter((problem) => problem !== undefined)
  if (problems.length > 0) throw new ConfigError(problems)
}

async function problemOf(
  path: string,
  configured: PluginUse,
  load: () => Promise<unknown>,
): Promise<ConfigProblem | undefined> {
  try {
    await load()
    return undefined
  } catch (error) {
    if (!(error instanceof PluginError)) throw error
    const allowed = "a plugin that can be loaded, with the options it takes"
    return { path, found: shown(configured), allowed, message: `${path}: ${error.message}` }
  }
}
