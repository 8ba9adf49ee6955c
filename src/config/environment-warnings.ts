import type { ConfigWarning } from "./config-warnings.ts"
import { type Environment, set, variableNames } from "./environment.ts"
import { nearestName } from "./nearest-name.ts"
import { originalVariableNames } from "./original-environment.ts"

const prefix = "PARTYMQ_"

/** Without what they all begin with, which would make any two of them alike. */
const known = [
  ...variableNames,
  ...originalVariableNames,
  "PARTYMQ_CONFIG",
  "PARTYMQ_RABBITMQ_BIN",
].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []))

/** What Kubernetes sets for a service that is called `partymq`, and what the project's tests take. */
const ofOthers = /^(SERVICE_|PORT$|PORT_|TEST_)/

/**
 * Variables that look like a mistyped one of ours: nothing reads them. Any others may be somebody else's,
 * so that they are passed over, and these are no errors.
 */
export function environmentWarnings(environment: Environment): readonly ConfigWarning[] {
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith(prefix) || set(environment, name) === undefined) return []
    const rest = name.slice(prefix.length)
    if (known.includes(rest) || ofOthers.test(rest)) return []
    const nearest = nearestName(rest, known)
    if (nearest === undefined) return []
    const message = `${name}: nothing reads a variable of that name; did you mean ${prefix}${nearest}?`
    return [{ code: "unknown_variable", path: name, message }]
  })
}
