import type { Command } from "commander"
import { type Explanation, explain } from "../../explain.ts"
import { planTopics } from "../../topic-plan.ts"
import { CommandFailed } from "../command-failed.ts"
import { configuration } from "../configuration.ts"
import type { GlobalOptions } from "../global-options.ts"
import { addMessageOptions, type MessageOptions, messageOf, refusal } from "../message-option.ts"
import { requireName } from "../require-name.ts"
import { table } from "../table.ts"
import { createTerminal } from "../terminal.ts"

/** `partymq explain`: where a message would go, and why; asks no broker and publishes nothing. */
export function addExplain(program: Command): void {
  const command = program
    .command("explain")
    .argument("<topic>")
    .description("say which partition of each group a message would go to, and why")
  addMessageOptions(command).action(async (topic: string, _options: unknown, invoked: Command) => {
    const options = invoked.optsWithGlobals<MessageOptions & GlobalOptions>()
    const { config, baseDir } = await configuration(options)
    const topicConfig = requireName("topic", topic, config.topics)
    const [plan] = await planTopics({ ...config, topics: { [topic]: topicConfig } }, baseDir)
    const explanation = explain(plan!, await messageOf(options))
    createTerminal(options).print(text(explanation), explanation)
    if (explanation.rejected !== undefined) {
      const { rejected } = explanation
      throw new CommandFailed(rejected.reason, refusal(rejected, options))
    }
  })
}

function text({ extractors, key, placements, rejected }: Explanation): string {
  const asked = extractors.map(({ use, result }, at) => `  ${at + 1}. ${use}: ${result}`)
  const lines = ["key extractors, in order:", ...asked]
  if (rejected !== undefined) return lines.join("\n")
  if (key === null) lines.push("no key: spread over the partitions in turn, no order promised")
  else lines.push(`key: ${JSON.stringify(key.value)} (${key.encoding}), xxHash32 ${key.xxHash32}`)
  const rows = placements.map((at) => [
    at.group,
    at.generation,
    at.partitioner,
    `${at.partition} of ${at.partitions}`,
    at.queue,
  ])
  lines.push(table(["group", "generation", "partitioner", "partition", "queue"], rows))
  return lines.join("\n")
}
