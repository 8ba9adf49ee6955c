import { format } from "node:util"
import { destination, type LogFn, type Logger, pino } from "pino"
import { prettyFactory } from "pino-pretty"
import type { LogLevel } from "./config/config.ts"
import { type ErrorFields, isError } from "./log/error-fields.ts"
import { loggable, type Redact } from "./log/loggable.ts"
import { secretRemover } from "./log/secret-remover.ts"

/** The process's log: one line per change of state, never one per message, never a secret. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "fatal">

export interface LogOptions {
  readonly level: LogLevel
  /** Texts that must never appear, on top of what can be recognised; `configSecrets` finds them. */
  readonly secrets?: readonly string[]
  /** For people instead of JSON lines. @default whether stderr is a terminal */
  readonly isPretty?: boolean
  /** Where lines go. @default stderr, so that stdout holds nothing but results */
  readonly stream?: { write(line: string): unknown }
}

/**
 * Creates a log that is written synchronously, as what a process says last matters most. Whatever is
 * passed to it is copied by `loggable` first, and the message is cleaned once it is put together.
 */
export function createLog(options: LogOptions): Log {
  const redact = secretRemover(options.secrets ?? [])
  const stream = options.stream ?? destination({ dest: 2, sync: true })
  const isPretty =
    options.isPretty ?? (options.stream === undefined && process.stderr.isTTY === true)
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // `loggable` has made plain fields of errors; pino's own serializer would add to them.
    serializers: { err: (error: unknown) => error },
    hooks: {
      logMethod(args: unknown[], method: LogFn) {
        const { fields, message } = cleaned(args, redact)
        if (message === undefined) method.call(this as unknown as Logger, fields)
        else method.call(this as unknown as Logger, fields, message)
      },
    },
  }
  return pino(settings as Parameters<typeof pino>[0] & object, isPretty ? pretty(stream) : stream)
}

/** pino's arguments, `(object or error, message?, ...values)` or `(message, ...values)`, made safe. */
function cleaned(
  args: readonly unknown[],
  redact: Redact,
): { fields: object; message: string | undefined } {
  const [first, ...rest] = args
  if (typeof first !== "object" || first === null) return { fields: {}, message: text(args) }
  const { err } = loggable({ err: first }, redact) as { err: unknown }
  const isErrorFirst = isError(first)
  const fields = isErrorFirst || !isFields(err) ? { [isErrorFirst ? "err" : "value"]: err } : err
  if (rest.length > 0) return { fields, message: text(rest) }
  return { fields, message: isErrorFirst ? (err as ErrorFields).message : undefined }

  function text([template, ...values]: readonly unknown[]): string {
    // The template is cleaned with its values in place: by itself `amqp://u:%s@h` has no secret yet.
    const start = typeof template === "string" ? template : loggable(template, redact)
    return redact(format(start, ...values.map((value) => loggable(value, redact))))
  }
}

function isFields(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** In the same thread: a transport in a worker would lose the last lines of a process that ends. */
function pretty(stream: { write(line: string): unknown }): { write(line: string): void } {
  const isColoured = process.stderr.isTTY === true && process.env["NO_COLOR"] === undefined
  const prettify = prettyFactory({ colorize: isColoured, translateTime: "HH:MM:ss.l" })
  return {
    write(line) {
      stream.write(readable(line))
    },
  }

  function readable(line: string): string {
    try {
      return prettify(line) ?? line
    } catch {
      // pino-pretty 13 stumbles over fields called `valueOf` and the like; the line counts for more.
      return line
    }
  }
}
