import * as v from "valibot"
import { bounds } from "../core/bounds.ts"
import type { KeyExtractorPlugin, PartitionerPlugin, PluginKind } from "./contract.ts"
import { defaultExport } from "./default-export.ts"
import { locatePlugin } from "./locate-plugin.ts"
import { PluginError } from "./plugin-error.ts"
import { providePackages } from "./provide-packages.ts"
import { reason } from "./reason.ts"

type Callable = (...args: unknown[]) => unknown

const shape = {
  name: v.pipe(v.string("must be a text"), v.nonEmpty("must not be empty")),
  options: v.optional(
    v.custom<v.GenericSchema>(isSchema, "must be a synchronous valibot schema, or absent"),
  ),
  create: v.custom<Callable>((value) => typeof value === "function", "must be a function"),
}
const flag = v.boolean("must be true or false")

const pluginSchema = v.variant("kind", [
  v.object({ kind: v.literal("key-extractor"), ...shape }),
  v.object({
    kind: v.literal("partitioner"),
    ...shape,
    guarantees: v.object(
      {
        deterministic: flag,
        balanced: flag,
        movement: v.picklist(["minimal", "low", "any"], 'must be "minimal", "low" or "any"'),
        weighted: flag,
        upToPartitions: v.optional(
          v.pipe(v.number("must be a number"), v.integer(), v.minValue(1, "must be at least 1")),
        ),
      },
      "must be an object with deterministic, balanced, movement and weighted",
    ),
  }),
])

interface Kinds {
  readonly "key-extractor": KeyExtractorPlugin
  readonly partitioner: PartitionerPlugin
}

/**
 * Loads a plugin and makes sure that it is one of the kind wanted.
 *
 * @throws {PluginError} `plugin_missing`, `plugin_load_failed`, `plugin_shape`, `plugin_kind`
 */
export async function importPlugin<Kind extends PluginKind>(
  use: string,
  kind: Kind,
  baseDir: string,
  timeoutMs: number = bounds.moduleLoadTimeoutMs,
): Promise<Kinds[Kind]> {
  const { file, builtIn } = locatePlugin(use, kind, baseDir)
  if (!builtIn) providePackages(file)
  const exported = await run(use, file, timeoutMs)
  const parsed = v.safeParse(pluginSchema, exported)
  if (!parsed.success) throw new PluginError("plugin_shape", misshapen(use, parsed.issues[0]))
  if (parsed.output.kind !== kind) {
    throw new PluginError(
      "plugin_kind",
      `plugin "${use}" is a ${spoken(parsed.output.kind)}; here belongs a ${spoken(kind)}`,
    )
  }
  // The object itself, not the parsed copy: its methods may want their `this`.
  return exported as Kinds[Kind]
}

async function run(use: string, file: string, timeoutMs: number): Promise<unknown> {
  try {
    return await defaultExport(file, timeoutMs)
  } catch (cause) {
    const detail = `plugin "${use}" failed to load: ${reason(cause)}`
    throw new PluginError("plugin_load_failed", detail, { cause })
  }
}

function misshapen(use: string, issue: v.InferIssue<typeof pluginSchema>): string {
  const field = v.getDotPath(issue)
  if (field === null) {
    const found = issue.input === undefined ? "nothing" : `a value of type ${typeof issue.input}`
    return (
      `plugin "${use}" exports ${found} as its default; ` +
      "it must be an object as definePartitioner or defineKeyExtractor makes it"
    )
  }
  if (field === "kind") {
    return `plugin "${use}": kind is ${issue.received}; it must be "partitioner" or "key-extractor"`
  }
  if (issue.received === "undefined") return `plugin "${use}": ${field} is missing`
  return `plugin "${use}": ${field} is ${issue.received}; it ${issue.message}`
}

function isSchema(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false
  const schema = value as Record<string, unknown>
  return schema.kind === "schema" && schema.async === false && typeof schema["~run"] === "function"
}

const spoken = (kind: PluginKind): string => kind.replace("-", " ")
