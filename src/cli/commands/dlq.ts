import type { Command } from "commander"
import { deadLetterQueue } from "../../core/generation.ts"
import { configuration } from "../configuration.ts"
import type { DeadLetterTask } from "../dead-letters/dead-letter-task.ts"
import { listDeadLetters } from "../dead-letters/list-dead-letters.ts"
import { purgeDeadLetters } from "../dead-letters/purge-dead-letters.ts"
import { replayDeadLetters } from "../dead-letters/replay-dead-letters.ts"
import { showDeadLetter } from "../dead-letters/show-dead-letter.ts"
import type { GlobalOptions } from "../global-options.ts"
import { requireName } from "../require-name.ts"
import { createTerminal } from "../terminal.ts"
import { wholeNumber } from "../whole-number.ts"

interface Limited {
  readonly limit: number
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
    .action(async (topic: string, options: Limited, command: Command) =>
      listDeadLetters(await taskOf(topic, command), options),
    )
  dlq
    .command("show")
    .argument("<topic>")
    .argument("<number>", "its place in the list, from 1", wholeNumber(1))
    .description("print one dead letter whole; it stays where it is")
    .action(async (topic: string, number: number, _options: unknown, command: Command) =>
      showDeadLetter(await taskOf(topic, command), number),
    )
  dlq
    .command("replay")
    .argument("<topic>")
    .description("route dead letters again as they first came; what is rejected again stays")
    .option("--limit <n>", "no more than so many messages (default: all)", wholeNumber(1))
    .action(async (topic: string, options: Partial<Limited>, command: Command) =>
      replayDeadLetters(await taskOf(topic, command), { limit: Infinity, ...options }),
    )
  dlq
    .command("purge")
    .argument("<topic>")
    .description("delete the dead letters that a topic has, and none that come later")
    .option("--force", "do not ask")
    .action(async (topic: string, options: { readonly force?: boolean }, command: Command) =>
      purgeDeadLetters(await taskOf(topic, command), options),
    )
}

async function taskOf(topic: string, command: Command): Promise<DeadLetterTask> {
  const options = command.optsWithGlobals<GlobalOptions>()
  const loaded = await configuration(options)
  requireName("topic", topic, loaded.config.topics)
  return { topic, queue: deadLetterQueue(topic), loaded, terminal: createTerminal(options) }
}
