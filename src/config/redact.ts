import { redactText } from "./redact-text.ts"

const secretName =
  /pass(?:word|wd|phrase|code)|secret|token|credential|authori[sz]ation|cookie|api[-_]?key|private[-_]?key/i

/** Whether a field of that name holds a secret. A name that ends in `File` only says where one is. */
export function isSecretName(name: string): boolean {
  return secretName.test(name) && !/file$/i.test(name)
}

/**
 * A copy of plain data (objects, arrays, texts, numbers) that may be shown: passwords in URLs and
 * fields called password, secret, token and the like become `***`.
 */
export function redact(value: unknown): unknown {
  if (typeof value === "string") return redactText(value)
  if (Array.isArray(value)) return value.map(redact)
  if (value === null || typeof value !== "object") return value
  const prototype: unknown = Object.getPrototypeOf(value)
  // What an instance of a class holds nobody knows, and it may hold itself.
  if (prototype !== null && prototype !== Object.prototype) return `[${value.constructor.name}]`
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      isSecretName(name) ? "***" : redact(field),
    ]),
  )
}
