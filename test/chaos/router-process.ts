import { appendFileSync, readFileSync } from "node:fs"
import { launcherVariable } from "../../src/local-broker/follow-launcher.ts"
import { spawnPartymq } from "../cli/partymq.ts"
import { collected } from "../cli/serving.ts"
import { until } from "../support/until.ts"
import { logViolations } from "./log-violations.ts"

export interface RouterProcessOptions {
  readonly name: string
  /** Where its configuration is. */
  readonly folder: string
  readonly logFile: string
  /** Must not turn up in its log. */
  readonly password: string
}

const startTimeoutMs = 30_000
/** What is promised, however large the backlog. */
const residentBytesMax = 256 * 1024 * 1024
const sampleIntervalMs = 500

/** A router in a process of its own that is killed, stopped and started again, and watched. */
export class RouterProcess {
  /** Where it listens, while it does. */
  url: string | undefined
  /** The most that it ever held, over all its lives. */
  residentBytesMax = 0
  orderViolations = 0
  reconnects = 0
  /** Ends and log lines that nobody caused. */
  readonly violations: string[] = []
  readonly #options: RouterProcessOptions
  #child: ReturnType<typeof spawnPartymq> | undefined
  #isExpected = false
  #isDisposed = false
  readonly #sampling: ReturnType<typeof setInterval>

  constructor(options: RouterProcessOptions) {
    this.#options = options
    this.#sampling = setInterval(() => this.#sample(), sampleIntervalMs)
  }

  get name(): string {
    return this.#options.name
  }

  /** Starts it, and waits until it listens; the broker may be away. */
  async start(): Promise<void> {
    if (this.#isDisposed) return
    const { folder } = this.#options
    this.#isExpected = false
    // So that it ends with the suite, however that ends.
    const environment = { [launcherVariable]: String(process.pid) }
    const child = spawnPartymq(["serve", "--output", "json"], { folder, environment })
    this.#child = child
    this.#follow(child.stderr)
    this.#watchEnd(child)
    const said = collected(child.stdout)
    await until(() => said.text().includes("\n") || child.exitCode !== null, {
      what: "the router to say where it listens",
      timeoutMs: startTimeoutMs,
    })
    if (!said.text().includes("\n")) throw new Error(`${this.name} ended while it started`)
    this.url = (JSON.parse(said.text()) as { url: string }).url
  }

  async isReady(): Promise<boolean> {
    return this.url !== undefined && (await fetch(`${this.url}/readyz`)).ok
  }

  /** `kill -9`. Idempotent. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    await this.#readCounters()
    this.#sample()
    this.#isExpected = true
    this.url = undefined
    child.kill("SIGKILL")
    await child.exited
    this.#child = undefined
  }

  /** Stands still, as in a virtual machine that is suspended, until `wake`. */
  suspend(): void {
    this.#child?.kill("SIGSTOP")
  }

  wake(): void {
    this.#child?.kill("SIGCONT")
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true
    this.wake()
    await this.kill()
    clearInterval(this.#sampling)
  }

  async #watchEnd(child: ReturnType<typeof spawnPartymq>): Promise<void> {
    const exitCode = await child.exited
    if (this.#isExpected || this.#child !== child) return
    this.url = undefined
    this.violations.push(`${this.name} ended by itself with exit code ${exitCode}`)
  }

  async #follow(stderr: ReadableStream<Uint8Array>): Promise<void> {
    const { name, logFile, password } = this.#options
    let unfinished = ""
    const decoder = new TextDecoder()
    for await (const bytes of stderr) {
      const text = decoder.decode(bytes, { stream: true })
      appendFileSync(logFile, text)
      const lines = (unfinished + text).split("\n")
      unfinished = lines.pop() ?? ""
      for (const line of lines) {
        for (const said of logViolations(line, password)) this.violations.push(`${name} ${said}`)
      }
    }
  }

  /** Linux only, where the peak is kept by the system. */
  #sample(): void {
    const child = this.#child
    if (child === undefined) return
    const kilobytes = Number(/^VmHWM:\s+(\d+)/m.exec(read(`/proc/${child.pid}/status`))?.[1] ?? 0)
    const wasInBounds = this.residentBytesMax <= residentBytesMax
    this.residentBytesMax = Math.max(this.residentBytesMax, kilobytes * 1024)
    if (!wasInBounds || this.residentBytesMax <= residentBytesMax) return
    this.violations.push(`${this.name} holds more than 256 MB in memory`)
  }

  async #readCounters(): Promise<void> {
    if (this.url === undefined) return
    try {
      const answer = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(2_000) })
      const metrics = await answer.text()
      this.orderViolations += sumOf(metrics, "partymq_order_violations_total")
      this.reconnects += sumOf(metrics, "partymq_reconnects_total")
    } catch {
      // It was suspended or has just begun to listen; its counters are lost with it.
    }
  }
}

function sumOf(metrics: string, name: string): number {
  const values = [...metrics.matchAll(new RegExp(`^${name}\\S* (\\d+)$`, "gm"))]
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return "" // it has ended in the meantime
  }
}
