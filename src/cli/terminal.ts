import type { ConfigWarning } from "../config/config-warnings.ts"
import type { GlobalOptions } from "./global-options.ts"
import { writeOut } from "./standard-output.ts"

/** Where a command's results go, as text for people or as one JSON document. */
export interface Terminal {
  readonly isJson: boolean
  /** Prints a result on stdout: `text` or `json`, whichever was asked for. */
  print(text: string, json: unknown): void
  /** Says on stderr what is going on; not with `--output json`. */
  say(line: string): void
  /** Says on stderr what should be looked at, as a line of text or of JSON. */
  warn(warning: ConfigWarning): void
}

export function createTerminal({ output }: Pick<GlobalOptions, "output">): Terminal {
  const isJson = output === "json"
  return {
    isJson,
    print(text, json) {
      writeOut(isJson ? `${JSON.stringify(json)}\n` : `${text.trimEnd()}\n`)
    },
    say(line) {
      if (!isJson) process.stderr.write(`${line}\n`)
    },
    warn(warning) {
      const line = isJson ? JSON.stringify({ warning }) : `partymq: warning: ${warning.message}`
      process.stderr.write(`${line}\n`)
    },
  }
}
