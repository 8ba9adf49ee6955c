import { until } from "../support/until.ts"
import { type PartymqOptions, spawnPartymq } from "./partymq.ts"

/** A router in a process of its own, killed at the end whatever happens. */
export async function serving(
  command: "serve" | "dev",
  options: PartymqOptions,
  args: readonly string[] = [],
) {
  const { child, stdout, stderr, stop } = watched([command, "--output", "json", ...args], options)
  try {
    await until(() => stdout.text().includes("\n") || child.exitCode !== null, {
      what: "the router to say where it listens",
      timeoutMs: 25_000,
    })
    if (!stdout.text().includes("\n")) {
      await stderr.ended
      throw new Error(`the router ended: ${stderr.text()}`)
    }
    const { url, curl } = JSON.parse(stdout.text()) as { url: string; curl?: string }
    return { child, url, curl, stderr, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export type Serving = Awaited<ReturnType<typeof serving>>

/** Waits until messages can come in and go out. */
export async function isReady({ url }: Serving): Promise<void> {
  const ready = async () => (await fetch(`${url}/readyz`)).ok
  await until(ready, { what: "the router to be ready", timeoutMs: 25_000 })
}

/** The command line in a process of its own, with what it prints as it comes. */
export function watched(args: readonly string[], options: PartymqOptions) {
  const child = spawnPartymq(args, options)
  const stdout = collected(child.stdout)
  const stderr = collected(child.stderr)
  const stop = async () => {
    child.kill("SIGKILL")
    await child.exited
    await Promise.all([stdout.ended, stderr.ended])
  }
  return { child, stdout, stderr, stop }
}

/** Reads a stream as it comes. */
export function collected(stream: ReadableStream<Uint8Array>) {
  let text = ""
  const decoder = new TextDecoder()
  const ended = (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true })
  })()
  return { text: () => text, ended }
}
