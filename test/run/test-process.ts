import { closeSync, openSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { launcherVariable } from "../../src/local-broker/follow-launcher.ts"
import { directoryVariable } from "../../src/local-broker/rabbitmq-programs.ts"
import type { TestBroker } from "../support/broker.ts"
import { type TestCounts, testCounts } from "../support/test-counts.ts"

export interface TestRun {
  /** Of `bun test`. */
  readonly args: readonly string[]
  readonly broker: TestBroker
  /** Where its report lies while it runs, and its output if that is kept. */
  readonly directory: string
  /** Whether what it prints is kept instead of printed as it comes. */
  readonly isKept: boolean
}

export interface TestResult {
  readonly counts: TestCounts
  /** How it ended, where that was not of itself with 0. */
  readonly badEnd?: string
  /** What it printed, if that was kept. */
  readonly output: string
}

export interface TestProcess {
  readonly ended: Promise<TestResult>
  stop(): void
}

const root = join(import.meta.dir, "../..")

/** A process that runs tests: the files that its arguments name, one after the other. */
export function startTests({ args, broker, directory, isKept }: TestRun): TestProcess {
  const reportFile = join(directory, "junit.xml")
  const outputFile = join(directory, "tests.log")
  // One file for both, so that they stay in order.
  const output = isKept ? openSync(outputFile, "a") : "inherit"
  const reporter = ["--reporter=junit", `--reporter-outfile=${reportFile}`]
  const child = Bun.spawn([process.execPath, "test", ...reporter, ...args], {
    cwd: root,
    stdio: ["inherit", output, output],
    env: {
      ...withoutSettings(process.env),
      PARTYMQ_TEST_AMQP_URL: broker.url,
      PARTYMQ_TEST_MANAGEMENT_URL: broker.managementUrl,
      [launcherVariable]: String(process.pid),
    },
  })
  if (output !== "inherit") closeSync(output)

  async function result(): Promise<TestResult> {
    const exitCode = await child.exited
    const counts = testCounts(taken(reportFile), exitCode)
    const badEnd =
      child.signalCode === null ? `ended with ${exitCode}` : `was ended by ${child.signalCode}`
    return { counts, ...(exitCode !== 0 && { badEnd }), output: isKept ? taken(outputFile) : "" }
  }

  return { ended: result(), stop: () => child.kill("SIGTERM") }
}

/** The machine's settings for the router must not reach the router under test; tests start nodes. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = (name: string) =>
    !name.startsWith("PARTYMQ_") || name.startsWith("PARTYMQ_TEST_") || name === directoryVariable
  return Object.fromEntries(Object.entries(environment).filter(([name]) => kept(name)))
}

/** A file's text, after which it is gone: the next process starts without it. Empty if there is none. */
function taken(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  } finally {
    rmSync(file, { force: true })
  }
}
