export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * What a run of `bun test` came to, from its JUnit report and its exit code. A run that ended badly
 * has failed even when no single test has: a file that does not load, an error after the last test,
 * a crash, no tests at all.
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

export function sumOfCounts(all: readonly TestCounts[]): TestCounts {
  const sum = (name: keyof TestCounts) => all.reduce((total, counts) => total + counts[name], 0)
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") }
}

/** `12 passed, 1 failed`, and what was skipped if anything was. */
export function countsText({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
}
