import type { ConfigInput } from "./config/schema/config-schema.ts"
import type { Log } from "./log.ts"
import type { Router } from "./router.ts"

export interface EmbedOptions {
  /** The folder that plugin paths are relative to. @default the working directory */
  readonly baseDir?: string
  /** @default JSON lines on stderr, at the configuration's level */
  readonly log?: Log
  /** Whether to read the source queues; without, only `publish` brings messages in. @default true */
  readonly readSources?: boolean
}

/**
 * A router inside another program: the configuration as `defineConfig` takes it. Nothing is connected
 * before `start`; HTTP is not served.
 * @throws {ConfigError} with every mistake of the configuration
 * @throws {PluginError} when a plugin is missing, broken or refuses its options
 */
export async function createRouter(
  input: ConfigInput,
  { baseDir = process.cwd(), log, ...options }: EmbedOptions = {},
): Promise<Router> {
  // Plugins import this package for two functions: they must not load a router with them.
  const [{ parseConfig }, { createLog }, { configSecrets }, router] = await Promise.all([
    import("./config/parse-config.ts"),
    import("./log.ts"),
    import("./log/config-secrets.ts"),
    import("./router.ts"),
  ])
  const config = parseConfig(input)
  const ownLog = log ?? createLog({ level: config.log.level, secrets: configSecrets(config) })
  return router.createRouter(config, { ...options, baseDir, log: ownLog })
}
