import * as v from "valibot"
import type { PluginUse } from "../config/config.ts"
import { PluginError } from "./plugin-error.ts"

/**
 * The options beside `use`, parsed with the plugin's schema; a plugin without one takes none.
 *
 * @throws {PluginError} `plugin_options`, naming each option, what was found and what is allowed
 */
export function parseOptions(
  plugin: { readonly options?: v.GenericSchema },
  { use, ...options }: PluginUse,
): unknown {
  const parsed = v.safeParse(plugin.options ?? v.strictObject({}), options)
  if (parsed.success) return parsed.output
  const mistakes = parsed.issues.map((issue) => mistake(issue, options))
  throw new PluginError("plugin_options", `plugin "${use}": ${mistakes.join("; ")}`)
}

function mistake(issue: v.BaseIssue<unknown>, options: Readonly<Record<string, unknown>>): string {
  const field = v.getDotPath(issue) ?? "options"
  if (issue.type === "strict_object" && issue.expected === "never") {
    return `option "${field}" is unknown`
  }
  if (issue.message.startsWith("Invalid key: ")) return `option "${field}" is missing`
  const missing = issue.path?.length === 1 && !Object.hasOwn(options, String(issue.path[0].key))
  const found = missing ? "is missing" : `is ${issue.received}`
  return `option "${field}" ${found}: ${issue.message}`
}
