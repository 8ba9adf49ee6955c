import type { Segment } from "./parse-path.ts"

/**
 * The names and indexes of a path that leads to one place at most; `undefined` for any other path.
 */
export function definiteSteps(segments: readonly Segment[]): (string | number)[] | undefined {
  const steps: (string | number)[] = []
  for (const { descends, selectors } of segments) {
    const [selector, ...others] = selectors
    if (descends || selector === undefined || others.length > 0) return undefined
    if (selector.kind === "name") steps.push(selector.name)
    else if (selector.kind === "index") steps.push(selector.index)
    else return undefined
  }
  return steps
}

/**
 * Follows own properties only: a name picks from objects, an index from arrays, and what comes from
 * a prototype (`constructor`, an array's `length`) does not exist.
 */
export function walk(root: unknown, steps: readonly (string | number)[]): unknown {
  let value = root
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return undefined
    if (Array.isArray(value) !== (typeof step === "number")) return undefined
    if (!Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}
