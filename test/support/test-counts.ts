export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * What a run of `bun test` came to, from its JUnit report and its exit code. A run that ended badly
 * has failed even when no single test has: a file that does not load, an error after the last test,
 * no tests at all.
 */
export function testCounts(report: string, exitCode: number): TestCounts {
  const summary = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? ""
  const count = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(summary)?.[1] ?? 0)
  const failures = count("failures")
  const skipped = count("skipped")
  const badEnd = exitCode !== 0 || summary === ""
  return {
    passed: count("tests") - failures - skipped,
    failed: Math.max(failures, badEnd ? 1 : 0),
    skipped,
  }
}
