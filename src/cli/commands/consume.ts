import type { Command } from "commander"
import type { Connection } from "../../broker/connection.ts"
import type { Delivery } from "../../broker/content-reader.ts"
import { type QueueReader, readQueue } from "../../broker/queue-reader.ts"
import { bounds } from "../../core/bounds.ts"
import { givenKeyHeader } from "../../core/given-key.ts"
import { messageView } from "../../core/message-view.ts"
import { shownKey } from "../../shown-key.ts"
import { shownMessage } from "../../shown-message.ts"
import { planTopics, type TopicPlan } from "../../topic-plan.ts"
import { type RouterOptions, routerUrl, urlOption } from "../ask-router.ts"
import { CommandFailed } from "../command-failed.ts"
import { commandLog } from "../command-log.ts"
import { configuration } from "../configuration.ts"
import { consumePrefetch } from "../consume-prefetch.ts"
import { requireName } from "../require-name.ts"
import { stopSignals } from "../stop-signals.ts"
import { createTerminal } from "../terminal.ts"
import { UsageError } from "../usage-error.ts"
import { wholeNumber } from "../whole-number.ts"
import { withConnection } from "../with-connection.ts"

interface ConsumeOptions extends RouterOptions {
  readonly group: string
  readonly limit?: number
  readonly partition?: number
  readonly member?: boolean
}

/**
 * `partymq consume`: a consumer on a group's partition queues. On partitions that another consumer
 * has it is on standby. With `--member` it has those that a router assigns to it.
 */
export function addConsume(program: Command): void {
  program
    .command("consume")
    .argument("<topic>")
    .description("take a group's messages and print them, a line of JSON each")
    .requiredOption("--group <group>", "the group whose messages to take")
    .option("--limit <n>", "end after so many messages (default: until Ctrl-C)", wholeNumber(1))
    .option("--partition <index>", "only this partition (default: all)", wholeNumber(0))
    .option("--member", "join the group as a member of a running router, and take what it assigns")
    .option(...urlOption)
    .action(async (topic: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ConsumeOptions>()
      const { config, baseDir } = await configuration(options)
      const topicConfig = requireName("topic", topic, config.topics)
      const group = requireName("group", options.group, topicConfig.groups)
      if (group.clients !== undefined) {
        const fact = `group "${options.group}" is bound to clients: its messages are theirs`
        throw new CommandFailed("client_bound_group", fact)
      }
      const [plan] = await planTopics({ ...config, topics: { [topic]: topicConfig } }, baseDir)
      requirePartition(plan!, options)
      if (options.member && options.partition !== undefined) {
        throw new UsageError(
          "--partition cannot be had with --member: the router assigns partitions",
        )
      }
      const stopped = stopSignals()
      commandLog(config)
      if (options.member) {
        const { group, limit = Number.POSITIVE_INFINITY } = options
        const [url, terminal] = [await routerUrl(options), createTerminal(options)]
        // Loaded here so that consuming without it costs nothing more.
        const { consumeAsMember } = await import("../consume-as-member.ts")
        return consumeAsMember({ config, url, topic, group, limit, terminal, stopped })
      }
      const say = createTerminal(options).say
      await withConnection(config, async (connection) => {
        const consuming = new Consuming(plan!, options)
        await consuming.start(connection)
        const partitions = consuming.count === 1 ? "partition" : "partitions"
        say(`consuming ${consuming.count} ${partitions} of group ${options.group}; Ctrl-C ends`)
        await Promise.race([consuming.done, stopped])
        await consuming.stop()
      })
    })
}

/** @throws {UsageError} for a partition that the group does not have */
function requirePartition({ route }: TopicPlan, { group, partition = 0 }: ConsumeOptions): void {
  const { queues } = route.groups.find((each) => each.group === group)!
  if (partition < queues.length) return
  const allowed = `0 to ${queues.length - 1}`
  throw new UsageError(
    `partition ${partition} of group "${group}" does not exist; allowed: ${allowed}`,
  )
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
class Consuming {
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

  constructor(plan: TopicPlan, options: ConsumeOptions) {
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
