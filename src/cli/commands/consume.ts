import type { Command } from "commander"
import { planTopics, type TopicPlan } from "../../topic-plan.ts"
import { type RouterOptions, routerUrl, urlOption } from "../ask-router.ts"
import { CommandFailed } from "../command-failed.ts"
import { commandLog } from "../command-log.ts"
import { configuration } from "../configuration.ts"
import { PrintingConsumer } from "../printing-consumer.ts"
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
        const consuming = new PrintingConsumer(plan!, options)
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
