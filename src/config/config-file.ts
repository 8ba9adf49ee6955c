import { existsSync, readFileSync } from "node:fs"
import { extname, join, resolve } from "node:path"
import { parse } from "yaml"
import { buildFault } from "../plugin/build-fault.ts"
import { defaultExport } from "../plugin/default-export.ts"
import { providePackages } from "../plugin/provide-packages.ts"
import { ConfigError, configProblem } from "./config-error.ts"
import { redactText } from "./redact-text.ts"

const endings = [".ts", ".js", ".json", ".yaml", ".yml"] as const
const kinds = `a file that ends in ${endings.join(", ")}`

/**
 * The path of the configuration file: the one that was asked for, else `partymq.config.*` in the
 * folder, else none.
 * @throws {ConfigError} when the one asked for is missing or two lie side by side
 */
export function findConfigFile(folder: string, asked: string | undefined): string | undefined {
  if (asked !== undefined) {
    const file = resolve(folder, asked)
    if (existsSync(file)) return file
    throw new ConfigError([
      configProblem("the configuration file", JSON.stringify(asked), "a file that exists"),
    ])
  }
  const found = endings.map((ending) => join(folder, `partymq.config${ending}`)).filter(existsSync)
  if (found.length <= 1) return found[0]
  const allowed = "one of them, or --config FILE to say which"
  throw new ConfigError([configProblem("the configuration file", found.join(" and "), allowed)])
}

/**
 * What a configuration file says, unchecked: the default export of a module, or a document.
 * @param timeoutMs how long a module may take to load
 * @throws {ConfigError} when it cannot be read, run or understood
 */
export async function readConfigFile(file: string, timeoutMs?: number): Promise<unknown> {
  const ending = extname(file)
  try {
    switch (ending) {
      case ".ts":
      case ".js":
      case ".mts":
      case ".mjs":
        return await exported(file, timeoutMs)
      case ".json":
        return JSON.parse(readFileSync(file, "utf8"))
      case ".yaml":
      case ".yml":
        return parse(readFileSync(file, "utf8"))
    }
  } catch (error) {
    throw new ConfigError([
      configProblem(file, `unreadable: ${reason(error, ending)}`, readable(ending)),
    ])
  }
  throw new ConfigError([configProblem(file, `of an unknown kind`, kinds)])
}

async function exported(file: string, timeoutMs: number | undefined): Promise<unknown> {
  // Wherever the file lies, it may import `defineConfig` from "partymq".
  providePackages(file)
  const config = await defaultExport(file, timeoutMs)
  if (config === undefined) throw new Error("it has no default export")
  return config
}

function readable(ending: string): string {
  if (ending === ".json") return "a JSON document"
  return ending.startsWith(".y") ? "a YAML document" : "a module with a default export"
}

/** A parser quotes what stands at the mistake, and that may be a password. */
function reason(error: unknown, ending: string): string {
  const fault = buildFault(error)
  const said = fault ?? (error instanceof Error ? error.message : String(error))
  const line = said.split("\n", 1)[0]!.replace(/:$/, "")
  const isParsers = fault !== undefined || ending === ".json" || ending.startsWith(".y")
  return redactText(isParsers ? line.replace(/(["'`]).*\1/, "…") : line)
}
