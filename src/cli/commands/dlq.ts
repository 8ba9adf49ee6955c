import type { Command } from "commander"
import type { Connection } from "../../broker/connection.ts"
import type { Delivery } from "../../broker/content-reader.ts"
import { countMessages, type Verdict, visitMessages } from "../../broker/dead-letters.ts"
import type { Config } from "../../config/config.ts"
import { original, readNote } from "../../core/dead-letter.ts"
import { deadLetterQueue } from "../../core/generation.ts"
import type { PublishOutcome } from "../../core/outcome.ts"
import { configSecrets } from "../../log/config-secrets.ts"
import { createLog } from "../../log.ts"
import { createRouter, type Router } from "../../router.ts"
import { CommandFailed } from "../command-failed.ts"
import { configuration } from "../configuration.ts"
import type { GlobalOptions } from "../global-options.ts"
import { refuseClientBound } from "../refuse-client-bound.ts"
import { requireName } from "../require-name.ts"
import { shownMessage } from "../shown-message.ts"
import { table } from "../table.ts"
import { createTerminal, type Terminal } from "../terminal.ts"
import { UsageError } from "../usage-error.ts"
import { wholeNumber } from "../whole-number.ts"
import { withConnection } from "../with-connection.ts"
import { withProgress } from "../with-progress.ts"

interface DlqOptions extends GlobalOptions {
  readonly limit: number
  readonly force?: boolean
}

/** `partymq dlq`: what is in a topic's dead-letter queue, and what is to become of it. */
export function addDlq(program: Command): void {
  const dlq = program.command("dlq").description("look at and deal with dead-lettered messages")
  const limit = ["--limit <n>", "no more than so many messages", wholeNumber(1)] as const
  dlq
    .command("ls")
    .argument("<topic>")
    .description("list dead letters, oldest first; they stay where they are")
    .option(...limit, 50)
    .action(onTopic(list))
  dlq
    .command("show")
    .argument("<topic>")
    .argument("<number>", "its place in the list, from 1")
    .description("print one dead letter whole; it stays where it is")
    .action((topic, number, options, command) =>
      onTopic((task) => show(task, wholeNumber(1)(number)))(topic, options, command),
    )
  dlq
    .command("replay")
    .argument("<topic>")
    .description("route dead letters again as they first came; what is rejected again stays")
    .option(...limit, Number.MAX_SAFE_INTEGER)
    .action(onTopic(replay))
  dlq
    .command("purge")
    .argument("<topic>")
    .description("delete all dead letters of a topic")
    .option("--force", "do not ask")
    .action(onTopic(purge))
}

interface Task {
  readonly topic: string
  readonly queue: string
  readonly config: Config
  readonly baseDir: string
  readonly options: DlqOptions
  readonly terminal: Terminal
}

function onTopic(run: (task: Task) => Promise<void>) {
  return async (topic: string, _options: unknown, command: Command): Promise<void> => {
    const options = command.optsWithGlobals<DlqOptions>()
    const { config, baseDir } = await configuration(options)
    requireName("topic", topic, config.topics)
    const terminal = createTerminal(options)
    await run({ topic, queue: deadLetterQueue(topic), config, baseDir, options, terminal })
  }
}

async function list({ queue, config, options, terminal }: Task): Promise<void> {
  const letters: object[] = []
  await withConnection(config, (connection) =>
    visitMessages(connection, queue, options.limit, (delivery) => {
      letters.push({ number: letters.length + 1, ...described(delivery) })
      return "keep"
    }),
  )
  const columns = ["number", "time", "reason", "source", "sizeBytes", "detail"]
  const cells = letters.map((letter) => {
    const fields = new Map<string, unknown>(Object.entries(letter))
    return columns.map((column) => fields.get(column) ?? "")
  })
  terminal.print(letters.length === 0 ? "no dead letters" : table(columns, cells), letters)
}

const described = (delivery: Delivery) => ({
  ...readNote(delivery.properties),
  sizeBytes: delivery.body.length,
})

async function show({ queue, config, terminal }: Task, number: number): Promise<void> {
  let found: object | undefined
  let at = 0
  await withConnection(config, (connection) =>
    visitMessages(connection, queue, number, (delivery) => {
      at += 1
      if (at === number) {
        const message = shownMessage({ ...delivery, properties: original(delivery.properties) })
        found = { number, ...described(delivery), message }
      }
      return "keep"
    }),
  )
  if (found === undefined) throw new CommandFailed("no_such_dead_letter", `there are only ${at}`)
  terminal.print(JSON.stringify(found, null, 2), found)
}

async function replay(task: Task): Promise<void> {
  const { config, baseDir, queue, options, terminal } = task
  refuseClientBound(config)
  const log = createLog({ level: "error", secrets: configSecrets(config) })
  const router = await createRouter(config, { log, baseDir, readSources: false })
  const counts = { replayed: 0, rejectedAgain: 0 }
  let trouble: string | undefined
  try {
    await withProgress("connecting to the broker", router.start())
    await withConnection(config, (connection: Connection) =>
      visitMessages(connection, queue, options.limit, async (delivery) => {
        const outcome = await publishAgain(router, task.topic, delivery)
        if (outcome.kind === "unavailable" || outcome.kind === "unknown") trouble = outcome.detail
        return verdictOf(outcome, counts)
      }),
    )
  } finally {
    await router.stop()
  }
  const { replayed, rejectedAgain } = counts
  terminal.print(`${replayed} replayed, ${rejectedAgain} rejected again and kept`, counts)
  if (trouble !== undefined) throw new CommandFailed("replay_interrupted", trouble)
}

/** As it first came, and only to the groups that did not get it then. */
function publishAgain(router: Router, topic: string, delivery: Delivery): Promise<PublishOutcome> {
  const { groups } = readNote(delivery.properties)
  const message = { properties: original(delivery.properties), body: delivery.body }
  return router.publish(topic, message, groups === undefined ? {} : { groups })
}

/** What the broker did not take stops the replay: going on could overtake it. */
function verdictOf(
  outcome: PublishOutcome,
  counts: { replayed: number; rejectedAgain: number },
): Verdict {
  if (outcome.kind === "accepted") {
    counts.replayed += 1
    return "remove"
  }
  if (outcome.kind !== "rejected") return "stop"
  counts.rejectedAgain += 1
  return "keep"
}

async function purge({ queue, config, options, terminal }: Task): Promise<void> {
  await withConnection(config, async (connection) => {
    const count = (await countMessages(connection, queue)) ?? 0
    if (options.force !== true && !isConfirmed(queue, count)) return
    const channel = await connection.plainChannel()
    const purged = count === 0 ? 0 : (await channel.queuePurge(queue)).messageCount
    terminal.print(`${purged} deleted`, { deleted: purged })
  })
}

/** @throws {UsageError} when there is nobody to ask */
function isConfirmed(queue: string, count: number): boolean {
  if (!process.stdin.isTTY) throw new UsageError("nobody to ask: delete with --force")
  return confirm(`Delete ${count} messages of "${queue}" for good?`)
}
