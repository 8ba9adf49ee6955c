import type { Config } from "../config/config.ts"
import { ConfigError, configProblem } from "../config/config-error.ts"

/**
 * Client-bound groups can be configured and checked, but not be routed to yet.
 * @throws {ConfigError} naming each of them
 */
export function refuseClientBound(config: Config): void {
  const problems = Object.entries(config.topics).flatMap(([topic, { groups }]) =>
    Object.entries(groups)
      .filter(([, { partitions }]) => partitions === "clients")
      .map(([group]) =>
        configProblem(
          `topics.${topic}.groups.${group}.partitions`,
          '"clients", which this release can check but not run',
          "a number of partitions",
        ),
      ),
  )
  if (problems.length > 0) throw new ConfigError(problems)
}
