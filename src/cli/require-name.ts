import { nearestName } from "../config/nearest-name.ts"
import { UsageError } from "./usage-error.ts"

/**
 * The named member, or a usage error that says which there are.
 * @param what such as `topic`
 */
export function requireName<T>(
  what: string,
  name: string,
  known: { readonly [name: string]: T },
): T {
  const found = Object.hasOwn(known, name) ? known[name] : undefined
  if (found !== undefined) return found
  const names = Object.keys(known)
  const nearest = nearestName(name, names)
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`
  throw new UsageError(`${what} "${name}" is not configured; allowed: ${names.join(", ")}${hint}`)
}
