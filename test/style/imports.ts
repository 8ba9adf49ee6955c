import { dirname, join } from "node:path"

/** One import of a source file; relative ones are given as paths from the project's root. */
export interface Import {
  readonly from: string
  /** `hono`, `node:fs`, `src/core/key.ts`. */
  readonly target: string
  readonly relative: boolean
}

const patterns = [
  /^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']/gm,
  /^\s*import\s*["']([^"']+)["']/gm,
  /\b(?:import|require)\(\s*["']([^"']+)["']\s*\)/g,
]

/** All imports in a source text: type-only ones, re-exports and dynamic ones as well. */
export function importsOf(file: string, source: string): readonly Import[] {
  return patterns.flatMap((pattern) =>
    [...source.matchAll(pattern)].map(([, specifier]) => {
      const relative = specifier!.startsWith(".")
      const target = relative ? join(dirname(file), specifier!) : specifier!
      return { from: file, target, relative }
    }),
  )
}

/** The package of an import: `@scope/name` of `@scope/name/part`. */
export function packageOf({ target }: Import): string {
  return target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/")
}
