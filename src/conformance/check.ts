/** One promise of a plugin, put to the test. `run` returns nothing, or throws what is wrong. */
export interface Check {
  readonly name: string
  readonly run: () => void
}

/** A plugin broke a promise; the message says which, with the key or the numbers. */
export class ConformanceFailure extends Error {
  override readonly name = "ConformanceFailure"
  readonly code = "conformance_failure"
}

/** A test function such as those of `bun:test`, vitest and jest. */
export type TestFunction = (name: string, run: () => void, timeoutMs: number) => unknown

/** Far above what the checks take, for slow machines and slow plugins. */
const timeoutMs = 60_000

/**
 * Makes a test of each check:
 * `runChecks(test, partitionerChecks(myPartitioner))`.
 */
export function runChecks(test: TestFunction, checks: readonly Check[]): void {
  for (const { name, run } of checks) test(name, run, timeoutMs)
}
