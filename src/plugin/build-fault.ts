import { basename } from "node:path"

/** What Bun says of a place in a source that it cannot make sense of. */
interface BuildMessage {
  readonly message: string
  readonly position: { readonly file: string; readonly line: number; readonly column: number }
}

/** The first mistake of a source that is no program, and where; `undefined` for any other fault. */
export function buildFault(thrown: unknown): string | undefined {
  const first = thrown instanceof AggregateError ? thrown.errors[0] : thrown
  if (!isBuildMessage(first)) return
  const { file, line, column } = first.position
  return `${first.message} (${basename(file)}, line ${line}, column ${column})`
}

function isBuildMessage(thrown: unknown): thrown is BuildMessage {
  if (typeof thrown !== "object" || thrown === null) return false
  const { position, message } = thrown as { position?: unknown; message?: unknown }
  return typeof message === "string" && typeof position === "object" && position !== null
}
