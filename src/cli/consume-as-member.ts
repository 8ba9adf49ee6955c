import type { ConsumedMessage } from "../client/consumed-message.ts"
import { type Consumer, createConsumer } from "../client/index.ts"
import type { Config } from "../config/config.ts"
import { shownKey } from "../shown-key.ts"
import { shownContent } from "../shown-message.ts"
import { CommandFailed } from "./command-failed.ts"
import { consumePrefetch } from "./consume-prefetch.ts"
import type { Terminal } from "./terminal.ts"

export interface ConsumeAsMemberOptions {
  readonly config: Config
  /** Of the router that it joins. */
  readonly url: string
  readonly topic: string
  readonly group: string
  readonly limit: number
  readonly terminal: Terminal
  readonly stopped: Promise<unknown>
}

const viewIntervalMs = 500
const closeTimeoutMs = 10_000

/**
 * Joins a group, prints its messages one after the other, each acked once it is written, and says what
 * partitions it has; drains and leaves at the end.
 * @throws {CommandFailed} when the router or the broker refuses it, or nothing can be printed
 */
export async function consumeAsMember(options: ConsumeAsMemberOptions): Promise<void> {
  const { limit, stopped, terminal } = options
  let printed = 0
  let failure: Error | undefined
  let isBroken = false
  let closing: Promise<boolean> | undefined
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const broken = (error: Error & { readonly code?: unknown }) => {
    // A reader that has enough, as `head` does, is no failure.
    if (error.code !== "EPIPE") failure ??= outputFailed(error)
    isBroken = true
    // At once: what it would be given until others take over cannot be printed either.
    closing ??= consumer.close({ timeoutMs: closeTimeoutMs, handOver: false })
    finish()
  }
  // Unheard it would end the process.
  process.stdout.on("error", broken)
  const consumer = join(options, async (message) => {
    // After a failed write those behind it are said to have succeeded.
    if (isBroken) throw new Error("nothing can be printed any more")
    await write(message).catch((error: Error) => {
      broken(error)
      throw error
    })
    printed += 1
    if (printed < limit) return
    // Before this one is done with, so that no other begins.
    closing ??= consumer.close({ timeoutMs: closeTimeoutMs, handOver: false })
    finish()
  })
  consumer.on("trouble", ({ detail, code }) => {
    if (code === undefined) return terminal.say(detail)
    // To try again, as a consumer does, would only hide it from whoever sits before it.
    failure ??= new CommandFailed(code, detail)
    finish()
  })
  const stopShowing = show(consumer, terminal, () => printed)
  try {
    await Promise.race([consumer.ready, stopped, finished])
    await Promise.race([stopped, finished])
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string }
    failure = new CommandFailed(code ?? "consumer_ended", message)
  }
  stopShowing()
  await (closing ?? consumer.close({ timeoutMs: closeTimeoutMs }))
  if (failure !== undefined) throw failure
}

function join(
  { config, url, topic, group }: ConsumeAsMemberOptions,
  handler: (message: ConsumedMessage) => Promise<void>,
): Consumer {
  const { url: amqpUrl, tls, heartbeatSeconds } = config.amqp
  return createConsumer({
    amqp: { url: amqpUrl, heartbeatSeconds, ...(tls && { tls }) },
    ...{ http: url, topic, group, handler },
    // In the order in which they come.
    concurrency: 1,
    prefetch: consumePrefetch,
    // What cannot be printed is not the message's fault.
    retry: { attempts: 1_000_000 },
  })
}

/** Resolves once it is written; what cannot be is not acked. */
function write(message: ConsumedMessage): Promise<void> {
  const { partition, key } = message
  const shown = { partition, key: key === undefined ? null : shownKey(key).value }
  const line = { ...shown, ...shownContent(message) }
  return new Promise((resolve, reject) => {
    process.stdout.write(`${JSON.stringify(line)}\n`, (error) =>
      error ? reject(error) : resolve(),
    )
  })
}

const outputFailed = ({ message }: Error): CommandFailed =>
  new CommandFailed("output_failed", `cannot write to stdout: ${message}`)

/** Says what happens to it, and on a terminal how it goes on. Returns what ends that. */
function show(consumer: Consumer, terminal: Terminal, printed: () => number): () => void {
  let said = ""
  const sayPartitions = () => {
    const { partitions } = consumer
    const text = partitions.length === 0 ? "none" : partitions.join(", ")
    if (text === said) return
    said = text
    terminal.say(`member ${consumer.memberId}: partitions ${text}; Ctrl-C ends`)
  }
  consumer.on("fenced", ({ reason, detail }) => terminal.say(`fenced: ${reason}: ${detail}`))
  const { stderr, stdout } = process
  const isLive = stderr.isTTY && !stdout.isTTY && !terminal.isJson
  let last = 0
  const timer = setInterval(() => {
    sayPartitions()
    if (!isLive) return
    const perSecond = Math.round(((printed() - last) * 1_000) / viewIntervalMs)
    last = printed()
    stderr.write(`\r\x1b[K${last} messages, ${perSecond}/s`)
  }, viewIntervalMs)
  return () => {
    clearInterval(timer)
    if (isLive) stderr.write("\r\x1b[K")
  }
}
