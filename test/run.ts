/** Runs all tests, or those that the arguments name, against one broker; the last line counts them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Broker } from "../src/local-broker/broker.ts"
import { findBroker } from "../src/local-broker/find-broker.ts"
import { followLauncher, launcherVariable } from "../src/local-broker/follow-launcher.ts"
import { directoryVariable } from "../src/local-broker/rabbitmq-programs.ts"
import { testable } from "./support/broker.ts"
import { testCounts } from "./support/test-counts.ts"

const root = join(import.meta.dir, "..")

async function runTests(broker: Broker, args: readonly string[]): Promise<number> {
  const { url, managementUrl } = testable(broker)
  // In the node's own directory, so that it is cleaned up with it even after a kill.
  const directory = broker.directory ?? mkdtempSync(join(tmpdir(), "partymq-tests-"))
  const reportFile = join(directory, "junit.xml")
  const reporter = ["--reporter=junit", `--reporter-outfile=${reportFile}`]
  const tests = Bun.spawn([process.execPath, "test", ...reporter, ...args], {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit"],
    env: {
      ...withoutSettings(process.env),
      PARTYMQ_TEST_AMQP_URL: url,
      PARTYMQ_TEST_MANAGEMENT_URL: managementUrl,
      [launcherVariable]: String(process.pid),
    },
  })
  stopOnSignals(() => tests.kill("SIGTERM"))
  const exitCode = await tests.exited
  const counts = testCounts(read(reportFile), exitCode)
  rmSync(directory, { recursive: true, force: true })
  await broker.stop()
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
  return counts.failed > 0 ? 1 : 0
}

/** The machine's settings for the router must not reach the router under test; tests start nodes. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = (name: string) =>
    !name.startsWith("PARTYMQ_") || name.startsWith("PARTYMQ_TEST_") || name === directoryVariable
  return Object.fromEntries(Object.entries(environment).filter(([name]) => kept(name)))
}

function stopOnSignals(stop: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)
  followLauncher(stop)
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

try {
  const broker = await findBroker({ say: (line) => console.error(`partymq tests: ${line}`) })
  process.exitCode = await runTests(broker, process.argv.slice(2))
} catch (error) {
  console.error(`partymq tests: ${(error as Error).message}`)
  console.log("0 passed, 1 failed")
  process.exitCode = 1
}
