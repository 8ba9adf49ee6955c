import { isSecretName } from "../config/redact.ts"
import { bounds } from "../core/bounds.ts"
import { errorFields } from "./error-fields.ts"

/** Takes the secrets out of a text. */
export type Redact = (text: string) => string

/**
 * What may be logged of any value whatever: a bounded copy of plain data without secrets. Errors keep
 * name, message, code and stack; bytes become `<n bytes>`; other instances of classes only their
 * class's name, for nobody knows what they hold; cycles and deep levels are cut. Never throws.
 */
export function loggable(value: unknown, redact: Redact): unknown {
  const ancestors = new Set<object>()
  return copy(value, 0)

  function copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
        return redact(value)
      case "bigint":
        return value.toString()
      case "symbol":
        return "[symbol]"
      case "function":
        return "[function]"
      case "object":
        return value === null ? null : copyObject(value, depth)
      default:
        return value
    }
  }

  function copyObject(value: object, depth: number): unknown {
    if (ancestors.has(value)) return "[cycle]"
    ancestors.add(value)
    try {
      return copyByKind(value, depth)
    } catch {
      // A proxy or getter that throws must not take the process down with its log line.
      return "[unreadable]"
    } finally {
      ancestors.delete(value)
    }
  }

  function copyByKind(value: object, depth: number): unknown {
    if (value instanceof Error) return errorFields(value, redact)
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return `<${value.byteLength} bytes>`
    }
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof URL) return redact(value.href)
    if (depth >= bounds.logDepthMax) return "[deep]"
    return Array.isArray(value) ? copyArray(value, depth) : copyFields(value, depth)
  }

  function copyArray(values: readonly unknown[], depth: number): unknown[] {
    const items = values.slice(0, bounds.logFieldsMax).map((item) => copy(item, depth + 1))
    const restCount = values.length - items.length
    return restCount > 0 ? [...items, `[${restCount} more]`] : items
  }

  function copyFields(value: object, depth: number): unknown {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && prototype !== Object.prototype) return `[${className(value)}]`
    const names = Object.keys(value)
    const fields: [string, unknown][] = names
      .slice(0, bounds.logFieldsMax)
      .map((name) => [redact(name), copyField(value, name, depth)])
    const restCount = names.length - fields.length
    if (restCount > 0) fields.push(["…", `[${restCount} more]`])
    return Object.fromEntries(fields)
  }

  function copyField(value: object, name: string, depth: number): unknown {
    if (isSecretName(name)) return "***"
    try {
      return copy((value as { [name: string]: unknown })[name], depth + 1)
    } catch {
      return "[unreadable]"
    }
  }

  function className(value: object): string {
    const name: unknown = value.constructor?.name
    return typeof name === "string" ? redact(name) : "object"
  }
}
