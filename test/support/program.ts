import { closeSync, openSync, readdirSync, readFileSync } from "node:fs"
import { until } from "./until.ts"

export interface ProgramOptions {
  readonly command: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** What it prints is appended to this file, so that several that share one are in order. */
  readonly output: string
}

/** A program in a process group of its own, with whatever processes it starts. */
export class Program {
  readonly #child: Bun.Subprocess<"ignore", number, "pipe">
  readonly #closed: Promise<void>
  #errors = ""

  constructor({ command, cwd, env, output }: ProgramOptions) {
    const { PATH = "", HOME = "" } = process.env
    const file = openSync(output, "a")
    this.#child = Bun.spawn([...command], {
      ...{ cwd, env: { PATH, HOME, ...env }, detached: true },
      ...{ stdin: "ignore", stdout: file, stderr: "pipe" },
    })
    closeSync(file)
    this.#closed = this.#readErrors()
  }

  get pid(): number {
    return this.#child.pid
  }

  /** To it alone. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** To it and all that it has started, as a terminal does. */
  signalAll(name: NodeJS.Signals): void {
    try {
      process.kill(-this.#child.pid, name)
    } catch {
      // There is none any more.
    }
  }

  /** To all that it has started. Needs a `/proc`. */
  signalOthers(name: NodeJS.Signals): void {
    const others = this.#processes().filter(({ pid }) => pid !== this.pid)
    for (const { pid } of others) process.kill(pid, name)
  }

  /**
   * Until the main thread of each of its processes waits for something: with a single thread it is not in
   * the middle of what it does. Needs a `/proc`.
   */
  async isIdle(): Promise<void> {
    const areIdle = () => this.#processes().every(({ state }) => state === "S")
    await until(areIdle, { what: "its processes to wait" })
  }

  /**
   * Its exit code, `null` after a signal, once it and all that it has started have ended: only then is
   * their standard error closed.
   * @throws {Error} when that takes too long, with what they said; they are killed then
   */
  async ended(timeoutMs = 40_000): Promise<number | null> {
    const all = Promise.all([this.#child.exited, this.#closed]).then(() => true)
    const late = Promise.withResolvers<false>()
    const timer = setTimeout(() => late.resolve(false), timeoutMs)
    const isOver = await Promise.race([all, late.promise])
    clearTimeout(timer)
    if (isOver) return this.#child.exitCode
    const left = this.#processes().map(({ shown }) => shown)
    await this.destroy()
    throw new Error(
      `not ended after ${timeoutMs} ms:\n${left.join("\n")}\nIt said:\n${this.#errors}`,
    )
  }

  async destroy(): Promise<void> {
    this.signalAll("SIGKILL")
    await Promise.all([this.#child.exited, this.#closed])
  }

  async #readErrors(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#errors += text
    }
  }

  /** What is left of its group, where there is a `/proc` to look that up. */
  #processes(): readonly { pid: number; state: string | undefined; shown: string }[] {
    if (process.platform !== "linux") return []
    return readdirSync("/proc").flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return []
      const [, state, group] = /\) (\S) \d+ (\d+)/.exec(read(`/proc/${pid}/stat`)) ?? []
      if (Number(group) !== this.#child.pid) return []
      const command = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")
      return [{ pid: Number(pid), state, shown: `${pid} ${state} ${command}` }]
    })
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return "" // ended in the meantime
  }
}
