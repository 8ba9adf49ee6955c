import { join } from "node:path"
import { directoryVariable } from "../../src/local-broker/rabbitmq-programs.ts"

const main = join(import.meta.dir, "../../src/cli/main.ts")

export interface PartymqOptions {
  readonly folder: string
  /** On top of nothing but what a program needs to run. */
  readonly environment?: { readonly [name: string]: string }
  readonly stdin?: string
}

export const partymqCommand = (args: readonly string[]): string[] => [
  process.execPath,
  main,
  ...args,
]

/** Starts the real command line in a process of its own. */
export function spawnPartymq(args: readonly string[], options: PartymqOptions) {
  const { PATH = "", HOME = "", [directoryVariable]: broker } = process.env
  return Bun.spawn(partymqCommand(args), {
    cwd: options.folder,
    env: { PATH, HOME, ...(broker && { [directoryVariable]: broker }), ...options.environment },
    stdin: new Blob([options.stdin ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  })
}

/** Runs it to its end. */
export async function runPartymq(args: readonly string[], options: PartymqOptions) {
  const child = spawnPartymq(args, options)
  const [exitCode, stdout, stderr] = await Promise.all([
    child.exited,
    child.stdout.text(),
    child.stderr.text(),
  ])
  return { exitCode, stdout, stderr }
}
