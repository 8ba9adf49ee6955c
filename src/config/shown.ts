import { redact } from "./redact.ts"

const lengthMax = 80

/** A value found in a configuration as one short piece of text without secrets. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing"
  if (typeof value === "function") return "a function"
  if (typeof value === "bigint" || typeof value === "symbol") return String(value)
  if (typeof value === "number") return String(value)
  const text = JSON.stringify(redact(value)) ?? typeof value
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}…`
}
