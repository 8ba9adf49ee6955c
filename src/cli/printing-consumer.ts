import type { Connection } from "../broker/connection.ts"
import type { Delivery } from "../broker/content-reader.ts"
import { type QueueReader, readQueue } from "../broker/queue-reader.ts"
import { bounds } from "../core/bounds.ts"
import { givenKeyHeader } from "../core/given-key.ts"
import { messageView } from "../core/message-view.ts"
import { shownKey } from "../shown-key.ts"
import { shownMessage } from "../shown-message.ts"
import type { TopicPlan } from "../topic-plan.ts"
import { CommandFailed } from "./command-failed.ts"
import { consumePrefetch } from "./consume-prefetch.ts"

export interface PrintingConsumerOptions {
  readonly group: string
  /** Messages; it is done once they are printed. @default none */
  readonly limit?: number
  /** @default all */
  readonly partition?: number
}

/** Lines that are written at once, in characters, unless one alone is longer. */
const writeLengthMax = 65_536

interface Line {
  readonly text: string
  readonly delivery: Delivery
  readonly reader: QueueReader
}

/** How long a reader may take for what is being written when it ends. */
const lastWriteMs = 1_000

/** How long what is printed may be unacked: after a crash it is printed again. */
const ackIntervalMs = 20

/** Prints what comes and acks it once it is written. */
export class PrintingConsumer {
  readonly done: Promise<void>
  readonly #plan: TopicPlan
  readonly #queues: readonly { queue: string; partition: number }[]
  readonly #readers: QueueReader[] = []
  /** What is to be printed after the write under way. */
  #waiting: Line[] = []
  #isWriting = false
  /** The last delivery of each reader that is printed and not acked. */
  readonly #printed = new Map<QueueReader, Delivery>()
  /** A write failed: nobody reads any more. */
  #isBroken = false
  #acking: ReturnType<typeof setTimeout> | undefined
  /** By reader. */
  readonly #ackCounts = new Map<QueueReader, number>()
  readonly #isQuorum: boolean
  readonly #limit: number
  #left: number
  #written = 0
  #finish: () => void = () => {}
  #fail: (error: Error) => void = () => {}

  constructor(plan: TopicPlan, options: PrintingConsumerOptions) {
    this.#plan = plan
    this.#isQuorum = plan.config.groups[options.group]!.queue.type === "quorum"
    this.#limit = options.limit ?? Number.POSITIVE_INFINITY
    this.#left = this.#limit
    const { queues } = plan.route.groups.find(({ group }) => group === options.group)!
    const all = queues.map((queue, partition) => ({ queue, partition }))
    this.#queues = all.filter(({ partition }) => partition === (options.partition ?? partition))
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve
      this.#fail = reject
    })
    this.done.catch(() => {})
  }

  get count(): number {
    return this.#queues.length
  }

  async start(connection: Connection): Promise<void> {
    const lost = (reason: string) => this.#fail(new CommandFailed("consumer_ended", reason))
    connection.onLost = lost
    process.stdout.on("error", (error) => this.#broken(error))
    for (const { queue, partition } of this.#queues) {
      const delivered = (delivery: Delivery, reader: QueueReader) =>
        this.#deliver(partition, delivery, reader)
      this.#readers.push(
        await readQueue(connection, queue, { prefetch: consumePrefetch, delivered, ended: lost }),
      )
    }
  }

  /** Gives the partitions back; what was delivered and not printed returns to them, in order. */
  async stop(): Promise<void> {
    this.#left = 0
    this.#waiting = []
    // What is being printed is acked as well, or it would be printed again.
    const deadlineMs = performance.now() + lastWriteMs
    while (this.#isWriting && !this.#isBroken && performance.now() < deadlineMs) await Bun.sleep(5)
    this.#ackPrinted()
    await Promise.all(this.#readers.map((reader) => this.#close(reader)))
  }

  async #close(reader: QueueReader): Promise<void> {
    const areInDoubt = (this.#ackCounts.get(reader) ?? 0) > bounds.unsettledAcksMax
    // Without an answer some of what is printed comes again, which is no reason not to end.
    if (this.#isQuorum && areInDoubt) await reader.settleAcksOfActive().catch(() => {})
    await reader.close()
  }

  #deliver(partition: number, delivery: Delivery, reader: QueueReader): void {
    if (this.#left === 0) return
    this.#left -= 1
    const line = { partition, key: this.#keyOf(delivery), ...shownMessage(delivery) }
    this.#waiting.push({ text: `${JSON.stringify(line)}\n`, delivery, reader })
    if (!this.#isWriting) this.#write()
  }

  /**
   * One write at a time: of several, Bun says that a later one is done while those before it are not, and
   * may never be.
   */
  #write(): void {
    const lines = this.#nextLines()
    this.#isWriting = lines.length > 0
    if (!this.#isWriting) return
    process.stdout.write(lines.map(({ text }) => text).join(""), (error) => {
      if (error) this.#broken(error)
      if (this.#isBroken) return
      for (const { reader, delivery } of lines) this.#printed.set(reader, delivery)
      this.#acking ??= setTimeout(() => this.#ackPrinted(), ackIntervalMs)
      this.#written += lines.length
      if (this.#written === this.#limit) this.#finish()
      this.#write()
    })
  }

  #nextLines(): readonly Line[] {
    let length = 0
    let count = 0
    for (const { text } of this.#waiting) {
      length += text.length
      if (count > 0 && length > writeLengthMax) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  /** Nothing is acked from here on: what is not acked and was written is printed again. */
  #broken(error: Error & { readonly code?: unknown }): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#left = 0
    this.#waiting = []
    clearTimeout(this.#acking)
    this.#printed.clear()
    // A reader that has enough, as `head` does, is no failure.
    if (error.code === "EPIPE") this.#finish()
    else this.#fail(new CommandFailed("output_failed", `cannot write to stdout: ${error.message}`))
  }

  #ackPrinted(): void {
    clearTimeout(this.#acking)
    this.#acking = undefined
    for (const [reader, delivery] of this.#printed) {
      reader.ackUpTo(delivery)
      this.#ackCounts.set(reader, (this.#ackCounts.get(reader) ?? 0) + 1)
    }
    this.#printed.clear()
  }

  /** As the producer gave it, else as the extractors find it; `null` for none. */
  #keyOf({ properties, body }: Delivery): string | null {
    const view = messageView(properties, body)
    try {
      const key = view.headerKey(givenKeyHeader) ?? this.#plan.route.extractKey(view)
      return key instanceof Uint8Array ? shownKey(key).value : null
    } catch {
      return null
    }
  }
}
