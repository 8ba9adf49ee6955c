import { join } from "node:path"
import { launcherVariable } from "../src/local-broker/follow-launcher.ts"

const startTimeoutMs = 120_000

/** A program of `bench/programs` in a process of its own, which says when it is ready and done. */
export interface ChildProgram {
  readonly pid: number
  /** Waits for its next line, which begins with that word, and answers what comes behind it. */
  next(word: "ready" | "done"): Promise<string>
  go(): void
  stop(): Promise<void>
}

/** @param input what it is to do, as `programInput` reads it */
export function startProgram(file: string, input: unknown): ChildProgram {
  const { PATH = "", HOME = "" } = process.env
  const program = join(import.meta.dir, "programs", file)
  const child = Bun.spawn([process.execPath, program, JSON.stringify(input)], {
    env: { PATH, HOME, [launcherVariable]: String(process.pid) },
    stdio: ["pipe", "pipe", "inherit"],
  })
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  return {
    pid: child.pid,
    async next(word) {
      const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs)
      while (!text.includes("\n")) {
        const { value, done } = await lines.read()
        if (done) throw new Error(`${file} ended before it was ${word}`)
        text += value
      }
      clearTimeout(timer)
      const end = text.indexOf("\n")
      const said = text.slice(0, end)
      text = text.slice(end + 1)
      if (!said.startsWith(word)) throw new Error(`${file} said "${said}", not "${word}"`)
      return said.slice(word.length).trim()
    },
    go() {
      child.stdin.write("go\n")
      child.stdin.flush()
    },
    async stop() {
      child.kill("SIGKILL")
      await child.exited
    },
  }
}
