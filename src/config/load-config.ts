import { dirname } from "node:path"
import type { Config } from "./config.ts"
import { ConfigError, type ConfigProblem } from "./config-error.ts"
import { findConfigFile, readConfigFile } from "./config-file.ts"
import type { Provenance } from "./config-problems.ts"
import { type ConfigWarning, configWarnings } from "./config-warnings.ts"
import { type Environment, environmentSettings, type Setting, set } from "./environment.ts"
import { environmentWarnings } from "./environment-warnings.ts"
import { originalEnvironment } from "./original-environment.ts"
import { parseConfig } from "./parse-config.ts"
import type { ConfigInput } from "./schema/config-schema.ts"

export interface LoadConfigOptions {
  /** Where files are looked for and, without one, where plugin paths start. @default process.cwd() */
  readonly folder?: string
  /** @default process.env */
  readonly environment?: Environment
  /** `--config`. */
  readonly file?: string
  /** What the command line sets; `path` as in `http.port`. */
  readonly flags?: readonly Setting[]
  /** Taken when there is neither a file nor the original PartyMQ's environment. */
  readonly fallback?: ConfigInput
}

export interface LoadedConfig {
  readonly config: Config
  readonly file?: string
  /** The folder that paths of plugins are relative to. */
  readonly baseDir: string
  /** Where values came from that neither the file nor a default gave, by path. */
  readonly provenance: Provenance
  /** What the configuration as a whole came from. */
  readonly origin: Origin
  /** What is allowed and yet should be looked at. */
  readonly warnings: readonly ConfigWarning[]
  /** Whether anybody said which broker to use. */
  readonly isBrokerGiven: boolean
}

type Origin = "file" | "original-environment" | "fallback" | "none"

const nothingToRead: ConfigProblem = {
  path: "topics",
  found: "missing",
  allowed: "at least one topic",
  message:
    "there is no configuration: put a partymq.config.ts (js, json, yaml) here, or name a file with " +
    "--config FILE or PARTYMQ_CONFIG; `partymq dev` runs a ready-made example",
}

/**
 * Reads the configuration; a flag counts before the environment, and that before the file.
 * @throws {ConfigError} with every mistake that was found
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const { folder = process.cwd(), environment = process.env, flags = [], fallback } = options
  const file = findConfigFile(folder, options.file ?? set(environment, "PARTYMQ_CONFIG"))
  const problems: ConfigProblem[] = []

  const { input, origin } = await baseInput()
  if (origin === "none") throw new ConfigError([nothingToRead])
  const fromEnvironment = environmentSettings(environment)
  problems.push(...fromEnvironment.problems)
  // Flags come last: what is set later wins.
  const settings = [...fromEnvironment.settings, ...flags]
  const merged = settings.reduce(withSetting, input)
  const provenance = new Map(settings.map(({ path, source }) => [path, source]))

  const config = parsed(merged, provenance, problems)
  const baseDir = file === undefined ? folder : dirname(file)
  const isBrokerGiven = urlOf(merged) !== undefined
  const warnings = [...environmentWarnings(environment), ...configWarnings(config)]
  const loaded = { config, baseDir, provenance, origin, warnings, isBrokerGiven }
  return Object.freeze(file === undefined ? loaded : { ...loaded, file })

  async function baseInput(): Promise<{ input: unknown; origin: Origin }> {
    if (file !== undefined) return { input: await readConfigFile(file), origin: "file" }
    const original = originalEnvironment(environment)
    if (original !== undefined) {
      problems.push(...original.problems)
      return { input: original.input, origin: "original-environment" }
    }
    if (fallback !== undefined) return { input: fallback, origin: "fallback" }
    return { input: {}, origin: "none" }
  }
}

function parsed(
  input: unknown,
  provenance: Provenance,
  problems: readonly ConfigProblem[],
): Config {
  try {
    const config = parseConfig(input, provenance)
    if (problems.length === 0) return config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError([...problems, ...error.problems])
  }
  throw new ConfigError(problems)
}

/** A copy with one field set; where a section is not an object it is left for the schema to refuse. */
function withSetting(input: unknown, { path, value }: Setting): unknown {
  const [key, ...rest] = path.split(".")
  if (key === undefined || key === "") return value
  if (input !== undefined && !isObject(input)) return input
  const section = input ?? {}
  const field = withSetting(section[key], { path: rest.join("."), value, source: "" })
  return { ...section, [key]: field }
}

function urlOf(input: unknown): unknown {
  return isObject(input) && isObject(input["amqp"]) ? input["amqp"]["url"] : undefined
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
