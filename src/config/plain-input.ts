import { bounds } from "../core/bounds.ts"
import { type ConfigProblem, configProblem } from "./config-error.ts"
import { shown } from "./shown.ts"

/** Names that JavaScript objects have by themselves; schemas skip them without a word. */
const reserved = new Set(["__proto__", "prototype", "constructor"])

/**
 * A copy of what a file or a caller gave, without fields that are `undefined` (they count as left
 * out) and without anything that schemas would overlook; that is reported in `problems` instead.
 */
export function plainInput(input: unknown): { value: unknown; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = []

  function copy(value: unknown, path: string, depth: number): unknown {
    if (!isPlain(value)) return value
    if (depth > bounds.configDepthMax) {
      problems.push(configProblem(path, "nested too deeply", `${bounds.configDepthMax} levels`))
      return undefined
    }
    if (Array.isArray(value)) {
      return value.map((item, index) => copy(item, `${path}[${index}]`, depth + 1))
    }
    const fields: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(value)) {
      const fieldPath = path === "" ? key : `${path}.${key}`
      if (reserved.has(key)) {
        problems.push(configProblem(fieldPath, `named ${shown(key)}`, "any other name"))
      } else if (field !== undefined) {
        fields[key] = copy(field, fieldPath, depth + 1)
      }
    }
    return fields
  }

  return { value: copy(input, "", 0), problems }
}

/** Instances of classes, such as a schema among a plugin's options, are left as they are. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  // A file read by another realm or by YAML may have a prototype of its own without a class.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
