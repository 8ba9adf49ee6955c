import { type ConfigProblem, configProblem } from "./config-error.ts"
import { type Environment, secretFrom, set } from "./environment.ts"
import { goDurationMs } from "./go-duration-ms.ts"
import type { ConfigInput } from "./schema/config-schema.ts"

const names = {
  url: "PARTYMQ_RABBIT_CS",
  queue: "PARTYMQ_SOURCE_QUEUE",
  keySource: "PARTYMQ_KEY_CONFIG_SOURCE",
  key: "PARTYMQ_KEY_CONFIG_KEY",
  checkInterval: "PARTYMQ_HEART_BEAT_CONFIG_CHECK_INTERVAL",
  expiresAfter: "PARTYMQ_HEART_BEAT_CONFIG_EXPIRES_AFTER",
} as const

export const originalVariableNames: readonly string[] = [
  ...Object.values(names),
  `${names.url}_FILE`,
]

const managementNames = ["PARTYMQ_MANAGEMENT_URL", "PARTYMQ_MANAGEMENT_URL_FILE"]

/**
 * The configuration that the environment of the original PartyMQ means: one topic with one
 * client-bound group. `undefined` when none of its variables is set.
 */
export function originalEnvironment(
  environment: Environment,
): { input: ConfigInput; problems: ConfigProblem[] } | undefined {
  const isUsed = originalVariableNames.some((name) => set(environment, name) !== undefined)
  if (!isUsed) return undefined

  const problems: ConfigProblem[] = []
  const url = secretFrom(environment, names.url, problems)
  const clients = {
    heartbeatCheckIntervalMs: duration(environment, names.checkInterval, problems) ?? 30_000,
    heartbeatExpiryMs: duration(environment, names.expiresAfter, problems) ?? 120_000,
    // Nobody can see when a client has drained, and one that is added would never get anything.
    ...(managementNames.some((name) => set(environment, name) !== undefined)
      ? {}
      : { onHandOverTimeout: "proceed" as const }),
  }
  const topic = {
    source: { queue: set(environment, names.queue) ?? "partymq.q.source" },
    key: [keyExtractor(environment, problems)],
    groups: { default: { partitions: "clients" as const, clients } },
  }
  return {
    input: { ...(url === undefined ? {} : { amqp: { url } }), topics: { default: topic } },
    problems,
  }
}

function keyExtractor(environment: Environment, problems: ConfigProblem[]) {
  const source = set(environment, names.keySource) ?? "header"
  const key = set(environment, names.key) ?? "partitionKey"
  if (source === "header") return { use: "header", name: key }
  if (source !== "body") {
    problems.push(configProblem(names.keySource, JSON.stringify(source), '"header", "body"'))
  }
  // The original looks the key up among the body's own members: a dot in it separates nothing.
  const isWord = /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)
  return { use: "jsonpath", path: isWord ? `$.${key}` : `$[${JSON.stringify(key)}]` }
}

function duration(
  environment: Environment,
  name: string,
  problems: ConfigProblem[],
): number | undefined {
  const found = set(environment, name)
  if (found === undefined) return undefined
  const valueMs = goDurationMs(found)
  if (valueMs !== undefined && valueMs > 0) return valueMs
  problems.push(configProblem(name, JSON.stringify(found), "a duration such as 30s or 1m30s"))
  return undefined
}
