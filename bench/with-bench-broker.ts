import { followLauncher } from "../src/local-broker/follow-launcher.ts"
import { type BenchBroker, benchBroker } from "./bench-broker.ts"
import { createProgress } from "./progress.ts"

/**
 * Runs something with a broker of its own and progress on the terminal; both end with it, with signals
 * and with whoever launched it. What it throws is said, and ends the process with 1.
 */
export async function withBenchBroker<Result>(
  run: (broker: BenchBroker, progress: ReturnType<typeof createProgress>) => Promise<Result>,
): Promise<Result> {
  const progress = createProgress()
  const broker = await benchBroker((line) => progress.say(line))
  const end = async (exitCode: number) => {
    await broker.stop()
    process.exit(exitCode)
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(130))
  followLauncher(() => end(1))
  try {
    return await run(broker, progress)
  } catch (error) {
    progress.end()
    console.error(`bench: ${(error as Error).message}`)
    return await end(1)
  } finally {
    progress.end()
    await broker.stop()
  }
}
