import { redactText } from "../config/redact-text.ts"
import { bounds } from "../core/bounds.ts"
import type { Redact } from "./loggable.ts"

/** Shorter secrets are not searched for: taking every "a" out of a log would leave none of it. */
const secretLengthMin = 4

/** Longest text that is looked at; what is beyond is cut before, so that cost is bounded. */
const lookedAtLengthMax = 8 * bounds.logTextLengthMax

/**
 * Takes out of texts the given secrets wherever they stand, and whatever else looks like one; then
 * cuts the text to size. Cutting comes last, as half a URL could not be told from harmless text.
 */
export function secretRemover(secrets: readonly string[]): Redact {
  const known = [...new Set(secrets)]
    .filter((secret) => secret.length >= secretLengthMin)
    .sort((left, right) => right.length - left.length)
  return (text) => {
    let clean = text.slice(0, lookedAtLengthMax)
    for (const secret of known) clean = clean.replaceAll(secret, "***")
    clean = redactText(clean)
    return clean.length <= bounds.logTextLengthMax
      ? clean
      : `${clean.slice(0, bounds.logTextLengthMax)}… (${text.length} characters)`
  }
}
