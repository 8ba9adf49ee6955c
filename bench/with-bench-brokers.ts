import { followLauncher } from "../src/local-broker/follow-launcher.ts"
import { type BenchBroker, benchBroker } from "./bench-broker.ts"
import { createProgress } from "./progress.ts"
import type { Medium } from "./storage.ts"

/** What a bench works with. */
export interface Bench {
  /** A broker whose data are there, if it is one of ours; it may be stopped before the end. */
  broker(medium: Medium): Promise<BenchBroker>
  readonly progress: ReturnType<typeof createProgress>
}

/**
 * Runs something with brokers of its own and progress on the terminal; all end with it, with signals
 * and with whoever launched it. What it throws is said, and ends the process with 1.
 */
export async function withBenchBrokers<Result>(
  run: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const progress = createProgress()
  const brokers: BenchBroker[] = []
  const stopAll = () => Promise.all(brokers.map((broker) => broker.stop()))
  const end = async (exitCode: number) => {
    await stopAll()
    process.exit(exitCode)
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(130))
  followLauncher(() => end(1))
  const broker = async (medium: Medium) => {
    const started = await benchBroker((line) => progress.say(line), medium)
    brokers.push(started)
    return started
  }
  try {
    return await run({ broker, progress })
  } catch (error) {
    progress.end()
    console.error(`bench: ${(error as Error).message}`)
    return await end(1)
  } finally {
    progress.end()
    await stopAll()
  }
}
