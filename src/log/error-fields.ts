import { bounds } from "../core/bounds.ts"
import type { Redact } from "./loggable.ts"

/** What of an error may be logged. */
export interface ErrorFields {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly stack?: string
  readonly cause?: ErrorFields | string
  readonly errors?: readonly (ErrorFields | string)[]
}

const causesMax = 5

/**
 * An error without its other fields: those of an AMQP error hold the connection, password and
 * megabytes of buffers included. Texts go through `redact`; causes are followed a few steps.
 */
export function errorFields(error: Error, redact: Redact, causesLeft = causesMax): ErrorFields {
  const code = read(error, "code")
  const stack = read(error, "stack")
  const cause = read(error, "cause")
  const errors = read(error, "errors")
  return {
    name: redact(String(read(error, "name") ?? "Error")),
    message: redact(String(read(error, "message") ?? "")),
    ...(typeof code === "number" ? { code } : {}),
    ...(typeof code === "string" ? { code: redact(code) } : {}),
    ...(typeof stack === "string" ? { stack: redact(stack) } : {}),
    ...(cause === undefined || causesLeft === 0 ? {} : { cause: inner(cause) }),
    ...(Array.isArray(errors) && causesLeft > 0
      ? { errors: errors.slice(0, bounds.logFieldsMax).map(inner) }
      : {}),
  }

  function inner(value: unknown): ErrorFields | string {
    if (isError(value)) return errorFields(value, redact, causesLeft - 1)
    return typeof value === "string" ? redact(value) : `[${typeof value}]`
  }
}

/** `instanceof` that a hostile proxy cannot make throw. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    return false
  }
}

/** Fields of foreign errors may be getters that throw. */
function read(error: Error, field: string): unknown {
  try {
    return (error as unknown as { [name: string]: unknown })[field]
  } catch {
    return undefined
  }
}
