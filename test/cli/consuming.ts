import { until } from "../support/until.ts"
import type { PartymqOptions } from "./partymq.ts"
import { watched } from "./serving.ts"

/** A line that `partymq consume` prints. */
export interface ConsumedLine {
  readonly partition: number
  readonly key: string | null
  readonly headers: { readonly [name: string]: unknown }
  readonly id?: string
  readonly contentType?: string
  readonly body?: string
  readonly bodyBase64?: string
}

/** `partymq consume` in a process of its own, killed at the end whatever happens. */
export async function consuming(args: readonly string[], options: PartymqOptions) {
  const { child, stdout, stderr, stop } = watched(["consume", ...args], options)
  const lines = (): ConsumedLine[] => parsed(stdout.text())
  const subscribed = () => stderr.text().includes("Ctrl-C ends")
  try {
    await until(() => subscribed() || child.exitCode !== null, {
      what: () => `the consumer to be subscribed; it says ${stderr.text()}`,
      timeoutMs: 25_000,
    })
  } catch (error) {
    await stop()
    throw error
  }
  /** Waits for its end. */
  const ended = async (): Promise<number> => {
    const exitCode = await child.exited
    await Promise.all([stdout.ended, stderr.ended])
    return exitCode
  }
  return { child, lines, stderr, ended, [Symbol.asyncDispose]: stop }
}

/** Whole lines only: the last one may still be on its way. */
export function parsed(text: string): ConsumedLine[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ConsumedLine)
}
