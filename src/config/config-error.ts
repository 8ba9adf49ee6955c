/** One mistake in the configuration. */
export interface ConfigProblem {
  /** The field, as in `topics.orders.groups.billing.partitions`; empty for the configuration itself. */
  readonly path: string
  /** The value as it may be shown: cut to size and without secrets. */
  readonly found: string
  /** What may stand there, for people. */
  readonly allowed: string
  /** All of it as one sentence. */
  readonly message: string
}

/** The configuration cannot be used; every mistake that was found is in `problems`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError"
  readonly code = "config_invalid"
  readonly disposition = "reject"
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => problem.message).join("\n"))
    this.problems = problems
  }
}

/** What is allowed where something has to be and is not. */
export const required = "it is required"

/** A problem whose sentence has the usual shape. */
export function configProblem(path: string, found: string, allowed: string): ConfigProblem {
  const subject = path === "" ? "the configuration" : path
  const rule = allowed === required ? allowed : `allowed: ${allowed}`
  return { path, found, allowed, message: `${subject} is ${found}; ${rule}` }
}
