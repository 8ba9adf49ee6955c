import { existsSync, statSync } from "node:fs"
import { dirname, isAbsolute, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { builtInFile, builtInKeyExtractors, builtInPartitioners } from "./built-in.ts"
import type { PluginKind } from "./contract.ts"
import { PluginError } from "./plugin-error.ts"

export interface PluginLocation {
  readonly file: string
  readonly builtIn: boolean
}

/**
 * Finds the file of a plugin: a built-in's name, a path (`./`, `../`, `/`, `file:`) relative to
 * `baseDir`, or a package that is installed in or above it.
 *
 * @throws {PluginError} `plugin_missing`
 */
export function locatePlugin(use: string, kind: PluginKind, baseDir: string): PluginLocation {
  const builtIn = builtInFile(use)
  if (builtIn !== undefined) return { file: builtIn, builtIn: true }
  const path = asPath(use, baseDir)
  if (path === undefined) return { file: packageFile(use, kind, baseDir), builtIn: false }
  const file = fileAt(path)
  if (file === undefined) throw missing(use, `there is no file ${path}`)
  return { file, builtIn: false }
}

/** A folder stands for a file as it does where code imports it: its `index.ts`, or what it exports. */
function fileAt(path: string): string | undefined {
  try {
    const file = statSync(path).isDirectory() ? Bun.resolveSync(path, path) : path
    return statSync(file).isFile() ? file : undefined
  } catch {
    return undefined
  }
}

function asPath(use: string, baseDir: string): string | undefined {
  if (use.startsWith("file:")) {
    try {
      return fileURLToPath(use)
    } catch {
      throw missing(use, "it is not a valid file: URL")
    }
  }
  return /^\.\.?([\\/]|$)/.test(use) || isAbsolute(use) ? resolve(baseDir, use) : undefined
}

/**
 * Looks before it resolves: Bun installs a package that it cannot find from the registry, and a
 * typing error in a configuration must not run a stranger's code.
 */
function packageFile(use: string, kind: PluginKind, baseDir: string): string {
  const [first = "", second = ""] = use.split("/")
  const name = first.startsWith("@") ? `${first}/${second}` : first
  const valid = /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/i.test(name)
  if (!valid || installedFolder(name, baseDir) === undefined) {
    const known = kind === "partitioner" ? builtInPartitioners : builtInKeyExtractors
    throw missing(
      use,
      `it is neither built in (${known.join(", ")}) nor a package installed at ${baseDir}; ` +
        "a file's path starts with ./ or ../ or /",
    )
  }
  try {
    return Bun.resolveSync(use, baseDir)
  } catch {
    throw missing(use, "the package is installed, but it does not export that")
  }
}

/** The folder of a package as Node finds it: `node_modules` beside `from` or above. */
export function installedFolder(name: string, from: string): string | undefined {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name)
    if (existsSync(join(candidate, "package.json"))) return candidate
    if (dirname(folder) === folder) return undefined
  }
}

const missing = (use: string, fact: string): PluginError =>
  new PluginError("plugin_missing", `plugin "${use}" was not found: ${fact}`)
