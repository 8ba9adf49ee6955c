import { type LoadedConfig, loadConfig } from "../config/load-config.ts"
import type { ConfigInput } from "../config/schema/config-schema.ts"
import { flagSettings, type GlobalOptions } from "./global-options.ts"

/**
 * The configuration of a command: flags, environment and file.
 * @param fallback what to take where there is none
 * @throws {ConfigError} with every mistake that was found
 */
export function configuration(
  options: GlobalOptions,
  fallback?: ConfigInput,
): Promise<LoadedConfig> {
  return loadConfig({
    flags: flagSettings(options),
    ...(options.config === undefined ? {} : { file: options.config }),
    ...(fallback === undefined ? {} : { fallback }),
  })
}
