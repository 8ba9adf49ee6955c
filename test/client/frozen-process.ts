import { join } from "node:path"

const program = join(import.meta.dir, "frozen-member.ts")

/** A line of what a consumer in a process of its own says. */
export interface Said {
  readonly assigned?: number
  readonly started?: string
  readonly partition?: number
  readonly told?: string
  readonly fenced?: string
  readonly deadLettered?: boolean
  readonly running?: number
}

/**
 * Starts a consumer in a process of its own. Its handlers of "0" and "1" do not end before it has stood
 * still for that long, and before their signal; that of "0" may fail then, for good.
 */
export function frozenMember(
  amqp: string,
  http: string,
  { stillMs = 3_000, isFailing = false } = {},
) {
  const options = [String(stillMs), isFailing ? "failing" : ""]
  const child = Bun.spawn([process.execPath, program, amqp, http, ...options], {
    stdout: "pipe",
    stderr: "inherit",
  })
  const said: Said[] = []
  const reading = (async () => {
    let rest = ""
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n")
      rest = lines.pop()!
      for (const line of lines) said.push(JSON.parse(line))
    }
  })()
  return {
    said: said as readonly Said[],
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    async end(): Promise<void> {
      child.kill("SIGCONT")
      child.kill("SIGTERM")
      await child.exited
      await reading
    },
  }
}
