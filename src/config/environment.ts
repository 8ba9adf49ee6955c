import { readFileSync } from "node:fs"
import { type ConfigProblem, configProblem } from "./config-error.ts"

/** `process.env` or a stand-in for it. */
export type Environment = { readonly [name: string]: string | undefined }

/** Which variables set which field; of several the first that is set counts. */
const variables = [
  { path: "amqp.url", names: ["PARTYMQ_AMQP_URL", "AMQP_URL"], kind: "secret" },
  { path: "amqp.managementUrl", names: ["PARTYMQ_MANAGEMENT_URL"], kind: "secret" },
  { path: "http.host", names: ["PARTYMQ_HTTP_HOST"], kind: "text" },
  { path: "http.port", names: ["PARTYMQ_HTTP_PORT", "PORT"], kind: "number" },
  { path: "log.level", names: ["PARTYMQ_LOG_LEVEL", "LOG_LEVEL"], kind: "text" },
] as const

/** All of them, and where a secret may stand in a file its name. */
export const variableNames: readonly string[] = variables.flatMap(({ names, kind }) =>
  kind === "secret" ? names.flatMap((name) => [name, `${name}_FILE`]) : names,
)

/** One value and where it came from. */
export interface Setting {
  readonly path: string
  readonly value: unknown
  readonly source: string
}

/**
 * The settings that the environment makes. An empty variable counts as not set. A secret may also
 * stand in a file that `{NAME}_FILE` names, as container platforms mount them.
 */
export function environmentSettings(environment: Environment): {
  settings: Setting[]
  problems: ConfigProblem[]
} {
  const settings: Setting[] = []
  const problems: ConfigProblem[] = []
  for (const { path, names, kind } of variables) {
    for (const name of names) {
      const found =
        kind === "secret" ? secretFrom(environment, name, problems) : set(environment, name)
      if (found === undefined) continue
      const value = kind === "number" && /^\d+$/.test(found) ? Number(found) : found
      settings.push({ path, value, source: name })
      break
    }
  }
  return { settings, problems }
}

/** The value of `name`, or the content of the file that `{name}_FILE` names, but not both. */
export function secretFrom(
  environment: Environment,
  name: string,
  problems: ConfigProblem[],
): string | undefined {
  const value = set(environment, name)
  const file = set(environment, `${name}_FILE`)
  if (file === undefined) return value
  if (value !== undefined) {
    problems.push(configProblem(`${name}_FILE`, "set, and so is " + name, "one of the two"))
    return undefined
  }
  try {
    return readFileSync(file, "utf8").trim()
  } catch {
    problems.push(configProblem(`${name}_FILE`, JSON.stringify(file), "a file that can be read"))
    return undefined
  }
}

export function set(environment: Environment, name: string): string | undefined {
  const value = environment[name]
  return value === undefined || value === "" ? undefined : value
}
