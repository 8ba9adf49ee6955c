import type * as v from "valibot"
import { type ConfigProblem, configProblem } from "./config-error.ts"
import { nearestName } from "./nearest-name.ts"
import { isSecretName } from "./redact.ts"
import { shown } from "./shown.ts"

/** Where a value came from if not from the file, by path: `http.port` -> `PARTYMQ_HTTP_PORT`. */
export type Provenance = ReadonlyMap<string, string>

/** Makes readable problems of valibot's issues; each issue's message is what is allowed there. */
export function configProblems(
  issues: readonly v.BaseIssue<unknown>[],
  provenance: Provenance,
): ConfigProblem[] {
  return issues.map((issue) => {
    const keys = (issue.path ?? []).map((item) => item.key as string | number | undefined)
    const path = dotted(keys)
    const lastKey = String(keys.at(-1) ?? "")
    if (issue.type === "never") return unknownKey(path, lastKey, issue)
    if (isKeyOfRecord(issue)) return configProblem(path, `named ${shown(lastKey)}`, issue.message)
    const problem = configProblem(path, found(lastKey, issue.input), issue.message)
    const source = provenance.get(path)
    if (source === undefined) return problem
    return { ...problem, message: `${problem.message} (it comes from ${source})` }
  })
}

/** `a.b[0].c`, with quotes where a key has a dot or blank of its own. */
function dotted(keys: readonly (string | number | undefined)[]): string {
  let path = ""
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`
    else if (/^[\w-]+$/.test(String(key))) path += path === "" ? key : `.${key}`
    else path += `[${shown(String(key))}]`
  }
  return path
}

/** The value of a key that nobody knows is not shown: nobody knows whether it is a secret. */
function unknownKey(path: string, key: string, issue: v.BaseIssue<unknown>): ConfigProblem {
  const nearest = nearestName(key, issue.message.split(", "))
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`
  const problem = configProblem(path, "not a known key", issue.message)
  return { ...problem, message: `${problem.message}${hint}` }
}

function found(key: string, value: unknown): string {
  if (isSecretName(key) && value !== undefined) return "***"
  if (/ur[il]$/i.test(key) && typeof value === "string") return foundUrl(value)
  return shown(value)
}

/** What cannot be cut into the parts of a URL has no part that is known to be harmless. */
function foundUrl(value: string): string {
  if (value === "") return '""'
  const hasParts = /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(value) && URL.canParse(value)
  return hasParts ? shown(value) : "a text that is not a URL"
}

function isKeyOfRecord(issue: v.BaseIssue<unknown>): boolean {
  return issue.path?.at(-1)?.origin === "key" && issue.input !== undefined
}
