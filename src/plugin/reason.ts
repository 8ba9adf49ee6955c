/** What was thrown, in a line: plugins may throw anything. */
export function reason(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message || thrown.name
  return typeof thrown === "string" ? thrown : `something that is not an Error (${typeof thrown})`
}
