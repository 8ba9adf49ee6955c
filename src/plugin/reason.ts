import { buildFault } from "./build-fault.ts"

/** What was thrown, in a line: plugins may throw anything. */
export function reason(thrown: unknown): string {
  const unbuilt = buildFault(thrown)
  if (unbuilt !== undefined) return unbuilt
  if (thrown instanceof Error) return thrown.message || thrown.name
  return typeof thrown === "string" ? thrown : `something that is not an Error (${typeof thrown})`
}
