import type { ChildProgram } from "../child-program.ts"
import type { Contender } from "../subject.ts"
import type { Workload } from "../workload.ts"

/** A contender whose messages come from a program: waits until its warm-up is over. */
export async function publishing(
  program: ChildProgram,
  { messages }: Workload,
  contender: Omit<Contender, "run" | "stop">,
  stop: () => Promise<void> = async () => {},
): Promise<Contender> {
  const stopAll = async () => {
    await program.stop()
    await stop()
  }
  try {
    await program.next("ready")
  } catch (error) {
    await stopAll()
    throw error
  }
  return {
    ...contender,
    async run(started) {
      started(messages)
      program.go()
      await program.next("done")
    },
    stop: stopAll,
  }
}
