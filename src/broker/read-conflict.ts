/** The setting in which a queue differs from what is declared, and its value; `undefined` for none. */
export interface Conflict {
  readonly setting: string
  readonly value: string | number | boolean | undefined
}

/**
 * Reads the broker's words: `inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received
 * none but current is the value 'quorum' of type 'longstr'`. It names the first that differs only.
 */
export function readConflict(said: string): Conflict | undefined {
  const setting = /inequivalent arg '([^']+)'/.exec(said)?.[1]
  if (setting === undefined) return undefined
  const current = /current is (?:the value )?'([^']*)'(?: of type '([^']+)')?/.exec(said)
  if (current === null) return { setting, value: undefined }
  const [, text = "", type] = current
  if (text === "true" || text === "false") return { setting, value: text === "true" }
  const isNumber = type !== undefined && type !== "longstr" && /^-?\d+$/.test(text)
  return { setting, value: isNumber ? Number(text) : text }
}
