import type { GenericSchema } from "valibot"
import { parseOptions } from "../plugin/parse-options.ts"
import { PluginError } from "../plugin/plugin-error.ts"
import { type Check, ConformanceFailure } from "./check.ts"

interface WithOptions {
  readonly name: string
  readonly options?: GenericSchema
}

type Options = Readonly<Record<string, unknown>>

/** Right options are taken, wrong ones refused: a typing error must not pass for a default. */
export function optionChecks(
  plugin: WithOptions,
  options: Options,
  refused: readonly Options[],
): Check[] {
  const unknown = { ...options, "no such option": 1 }
  return [
    {
      name: "takes its options",
      run: () => void parseOptions(plugin, { ...options, use: plugin.name }),
    },
    { name: "refuses an option that it does not know", run: () => refuses(plugin, unknown) },
    ...refused.map((each) => ({
      name: `refuses the options ${JSON.stringify(each)}`,
      run: () => refuses(plugin, each),
    })),
  ]
}

function refuses(plugin: WithOptions, options: Options): void {
  try {
    parseOptions(plugin, { ...options, use: plugin.name })
  } catch (error) {
    if (error instanceof PluginError) return
    throw error
  }
  throw new ConformanceFailure(
    `the options ${JSON.stringify(options)} were accepted (v.strictObject refuses unknown ones)`,
  )
}
