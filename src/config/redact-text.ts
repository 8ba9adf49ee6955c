const mask = "***"

const scheme = /[a-z][a-z0-9+.-]{0,30}:\/\//i
const authorization = /\b(bearer|basic)\s+[a-z0-9+/=._~-]{4,}/gi
const assignment =
  /((?:password|passwd|passphrase|secret|token|api[_-]?key)["']?\s{0,4}[=:]\s{0,4})("[^"]*"|'[^']*'|[^\s,;&"'})]+)/gi

/**
 * A text without the secrets that can be recognised in it: credentials of URLs (the user's name
 * stays), `Bearer` and `Basic` tokens, and what is assigned to a word like `password`. Cost is linear
 * in the text's length.
 */
export function redactText(text: string): string {
  return text
    .replace(/\S+/g, withoutCredentials)
    .replace(authorization, (_all, word: string) => `${word} ${mask}`)
    .replace(assignment, (_all, start: string) => `${start}${mask}`)
}

/**
 * Takes everything up to the last `@` for the credentials: a password may hold any character but a
 * blank, and hiding a host by mistake does less harm than showing half a password.
 */
function withoutCredentials(word: string): string {
  const found = scheme.exec(word)
  const atIndex = word.lastIndexOf("@")
  if (found === null || atIndex < found.index + found[0].length) return word
  const start = found.index + found[0].length
  const colonIndex = word.indexOf(":", start)
  const user = colonIndex > start && colonIndex < atIndex ? word.slice(start, colonIndex + 1) : ""
  return `${word.slice(0, start)}${user}${mask}${word.slice(atIndex)}`
}
