import { fileURLToPath } from "node:url"

/** The plugins that come with the package, by the name that `use` gives them. */
export const builtInKeyExtractors = ["header", "jsonpath"] as const
export const builtInPartitioners = [
  "consistent-hash",
  "rendezvous-hash",
  "jump-hash",
  "modulus-hash",
  "kafka-murmur2",
] as const

const names: ReadonlySet<string> = new Set([...builtInKeyExtractors, ...builtInPartitioners])

/** The file of a built-in plugin, or `undefined` when the name is none of theirs. */
export function builtInFile(name: string): string | undefined {
  if (!names.has(name)) return undefined
  return fileURLToPath(new URL(`../../partitioners/${name}.ts`, import.meta.url))
}
