/**
 * Runs all tests, in as many processes at a time as the machine has room for, or in one process those
 * that the arguments name; the last line counts them.
 */
import { join } from "node:path"
import { followLauncher } from "../src/local-broker/follow-launcher.ts"
import { longFiles } from "./run/long-files.ts"
import { runBatches } from "./run/run-batches.ts"
import { type TestBatch, testBatches } from "./run/test-batches.ts"
import { closePlaces, openPlaces, placesOfMachine, type TestPlace } from "./run/test-places.ts"
import { startTests, type TestProcess, type TestResult } from "./run/test-process.ts"
import { countsText, sumOfCounts, type TestCounts } from "./support/test-counts.ts"

const root = join(import.meta.dir, "..")
const running = new Set<TestProcess>()
let isStopping = false

async function runAll(): Promise<TestCounts> {
  // Whatever `bun test` would take for one.
  const pattern = "test/**/*{.test,.spec,_test,_spec}.{ts,tsx,js,jsx}"
  const files = [...new Bun.Glob(pattern).scanSync({ cwd: root })]
  const batches = testBatches(files, longFiles)
  return at(placesOfMachine(), async (places) => {
    const results = await runBatches(batches, places, runBatch)
    for (const { text } of results.filter(({ counts }) => counts.failed > 0)) console.log(text)
    return sumOfCounts(results.map(({ counts }) => counts))
  })
}

/** Prints what it printed as a block; `text` is that without what passed, for the end. */
async function runBatch({ name, files }: TestBatch, place: TestPlace) {
  if (isStopping) return { counts: notRun, text: `${name} was not run` }
  const args = files.map((file) => `./${file}`)
  const { counts, badEnd, output } = await result({ args, ...place, isKept: true })
  // Not `process.stdout.write`: to a pipe that is full the last line would get before it.
  console.log(output.trimEnd())
  const failed = output.split("\n").filter((line) => !line.startsWith("(pass) "))
  return {
    counts,
    text: `\n${name} has failed${badEnd === undefined ? "" : `, ${badEnd}`}:\n${failed.join("\n")}`,
  }
}

const notRun: TestCounts = { passed: 0, failed: 1, skipped: 0 }

function runSome(args: readonly string[]): Promise<TestCounts> {
  return at(1, async ([place]) => {
    if (isStopping) return notRun
    return (await result({ args, ...place, isKept: false })).counts
  })
}

async function at(
  count: number,
  run: (places: [TestPlace, ...TestPlace[]]) => Promise<TestCounts>,
): Promise<TestCounts> {
  const places = await openPlaces(count)
  try {
    return await run(places)
  } finally {
    stop()
    await closePlaces(places)
  }
}

async function result(options: Parameters<typeof startTests>[0]): Promise<TestResult> {
  const tests = startTests(options)
  running.add(tests)
  try {
    return await tests.ended
  } finally {
    running.delete(tests)
  }
}

function stop(): void {
  isStopping = true
  for (const tests of running) tests.stop()
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)
followLauncher(stop)

try {
  const args = process.argv.slice(2)
  const counts = await (args.length === 0 ? runAll() : runSome(args))
  console.log(countsText(counts))
  process.exitCode = counts.failed > 0 ? 1 : 0
} catch (error) {
  console.error(`partymq tests: ${(error as Error).message}`)
  console.log("0 passed, 1 failed")
  process.exitCode = 1
}
