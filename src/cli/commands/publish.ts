import type { Command } from "commander"
import type { PublishOutcome } from "../../core/outcome.ts"
import { shownKey } from "../../shown-key.ts"
import { CommandFailed } from "../command-failed.ts"
import { commandLog } from "../command-log.ts"
import { configuration } from "../configuration.ts"
import type { GlobalOptions } from "../global-options.ts"
import { addMessageOptions, type MessageOptions, messageOf, refusal } from "../message-option.ts"
import { requireName } from "../require-name.ts"
import { table } from "../table.ts"
import { createTerminal } from "../terminal.ts"
import { withProgress } from "../with-progress.ts"
import { withPublishingRouter } from "../with-publishing-router.ts"

interface PublishOptions extends GlobalOptions, MessageOptions {
  readonly id?: string
}

/** `partymq publish`: one message into every group of a topic, as the router would put it there. */
export function addPublish(program: Command): void {
  const command = program
    .command("publish")
    .argument("<topic>")
    .description("publish one message to a topic and say where it went")
  addMessageOptions(command)
    .option("--id <id>", "message id (default: a new UUID)")
    .action(async (topic: string, _options: unknown, invoked: Command) => {
      const options = invoked.optsWithGlobals<PublishOptions>()
      const loaded = await configuration(options)
      requireName("topic", topic, loaded.config.topics)
      const id = options.id ?? Bun.randomUUIDv7()
      const message = await messageOf(options, id)
      await withPublishingRouter(loaded, commandLog(loaded.config), async (router) => {
        const outcome = await withProgress("waiting for confirms", router.publish(topic, message))
        report(options, outcome, { id, topic })
      })
    })
}

function report(
  options: PublishOptions,
  outcome: PublishOutcome,
  sent: { id: string; topic: string },
): void {
  switch (outcome.kind) {
    case "accepted": {
      const { placements } = outcome
      const key = outcome.key === undefined ? null : shownKey(outcome.key).value
      const rows = placements.map((at) => [at.group, at.generation, at.partition, at.queue])
      const places = table(["group", "generation", "partition", "queue"], rows)
      const heading = `accepted ${sent.id}, key ${key === null ? "none" : JSON.stringify(key)}`
      createTerminal(options).print(`${heading}\n${places}`, { ...sent, key, placements })
      return
    }
    case "rejected":
      throw new CommandFailed(
        outcome.reason,
        `the message was not published: ${refusal(outcome, options)}`,
      )
    case "unavailable":
      throw new CommandFailed(outcome.code, `the message was not published: ${outcome.detail}`)
    case "unknown":
      throw new CommandFailed(
        outcome.code,
        `it is not known whether the message was published: ${outcome.detail}`,
      )
  }
}
