import * as v from "valibot"
import type { Config } from "./config.ts"
import { ConfigError } from "./config-error.ts"
import { configProblems, type Provenance } from "./config-problems.ts"
import { plainInput } from "./plain-input.ts"
import { configSchema } from "./schema/config-schema.ts"

/**
 * Makes the effective configuration of what a user wrote: checked, with all defaults, frozen.
 * @param provenance where single values came from, for the messages
 * @throws {ConfigError} with every mistake that was found
 */
export function parseConfig(input: unknown, provenance: Provenance = new Map()): Config {
  const { value, problems } = plainInput(input)
  const parsed = v.safeParse(configSchema, value)
  if (!parsed.success) problems.push(...configProblems(parsed.issues, provenance))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return deepFreeze(parsed.output)
}

function deepFreeze<T>(value: T): T {
  const isPlain =
    Array.isArray(value) ||
    (typeof value === "object" &&
      value !== null &&
      Object.getPrototypeOf(value) === Object.prototype)
  if (!isPlain || Object.isFrozen(value)) return value
  for (const field of Object.values(value as object)) deepFreeze(field)
  return Object.freeze(value)
}
