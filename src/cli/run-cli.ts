import { CommanderError } from "commander"
import { createProgram } from "./create-program.ts"
import { failureOf, failureText } from "./failure.ts"

/** Runs one command to its end; what it answers is the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runCli(args: readonly string[]): Promise<0 | 1 | 2> {
  try {
    await createProgram().parseAsync(args, { from: "user" })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      // Without a command commander has printed the help, which says it all.
      if (error.code === "commander.help") return 2
    }
    const failure = failureOf(error)
    process.stderr.write(`${failureText(failure, wantsJson(args))}\n`)
    return failure.exitCode
  }
}

/** Read off the arguments themselves, for they may be what is wrong. */
function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, index) => arg === "--output=json" || (arg === "--output" && args[index + 1] === "json"),
  )
}
