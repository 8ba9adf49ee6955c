import { ConfigError, type ConfigProblem } from "../../src/config/config-error.ts"

/** The problems that an action ends with; that it ends well is a failure. */
export async function problemsOf(action: () => unknown): Promise<readonly ConfigProblem[]> {
  try {
    await action()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error("the configuration was accepted")
}
