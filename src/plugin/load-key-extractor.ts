import type { PluginUse } from "../config/config.ts"
import type { KeyExtractor } from "./contract.ts"
import { importPlugin } from "./import-plugin.ts"
import { parseOptions } from "./parse-options.ts"
import { PluginError } from "./plugin-error.ts"
import { reason } from "./reason.ts"

export interface LoadedExtractor {
  /** As configured: a name or a path. */
  readonly use: string
  /** As the plugin calls itself. */
  readonly name: string
  readonly extract: KeyExtractor
}

/**
 * Loads a key extractor and creates it with its options.
 *
 * @param baseDir the configuration file's folder; paths and packages are looked up from there
 * @throws {PluginError}
 */
export async function loadKeyExtractor(
  configured: PluginUse,
  { baseDir }: { readonly baseDir: string },
): Promise<LoadedExtractor> {
  const { use } = configured
  const plugin = await importPlugin(use, "key-extractor", baseDir)
  const options = parseOptions(plugin, configured)
  let extract: KeyExtractor
  try {
    extract = plugin.create(options)
  } catch (thrown) {
    throw new PluginError(
      "plugin_create_failed",
      `plugin "${use}": create threw: ${reason(thrown)}`,
      {
        cause: thrown,
      },
    )
  }
  if (typeof extract !== "function") {
    throw new PluginError(
      "plugin_create_failed",
      `plugin "${use}": create returned a value of type ${typeof extract}; ` +
        "it must return a function",
    )
  }
  return Object.freeze({ use, name: plugin.name, extract })
}
