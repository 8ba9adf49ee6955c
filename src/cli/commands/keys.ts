import type { Command } from "commander"
import type { ParkedKeyDescription, ParkedKeyDescriptions } from "../../http/parked-key-schemas.ts"
import { askRouter, type RouterOptions, urlOption } from "../ask-router.ts"
import { table } from "../table.ts"
import { createTerminal } from "../terminal.ts"

interface ResumeOptions extends RouterOptions {
  readonly encoded?: boolean
}

/** `partymq keys`: the parked keys of a group of a running router. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("look at parked keys, and have them handled")
  keys
    .command("ls")
    .argument("<topic>")
    .argument("<group>")
    .description("list the parked keys of a group, why they are, and how many messages wait")
    .option(...urlOption)
    .action(async (topic: string, group: string, _options: unknown, command: Command) =>
      list(topic, group, command.optsWithGlobals<RouterOptions>()),
    )
  keys
    .command("resume")
    .argument("<topic>")
    .argument("<group>")
    .argument("<key>")
    .description("have the messages of a parked key handled, in order and before newer ones")
    .option("--encoded", "the key is given in base64")
    .option(...urlOption)
    .action(async (...given: [string, string, string, unknown, Command]) => {
      const [topic, group, key, , command] = given
      await resume(topic, group, key, command.optsWithGlobals<ResumeOptions>())
    })
}

const pathOf = (topic: string, group: string): string =>
  `/v1/topics/${encodeURIComponent(topic)}/groups/${encodeURIComponent(group)}/keys`

async function list(topic: string, group: string, options: RouterOptions): Promise<void> {
  const answer = await askRouter<ParkedKeyDescriptions>(options, pathOf(topic, group))
  const rows = answer.keys.map(({ key, keyBase64, partition, state, since, messages, detail }) => [
    ...[key ?? `${keyBase64} (base64)`, partition, state, messages, since, detail],
  ])
  const heading = ["key", "partition", "state", "messages", "since", "why"]
  const text = rows.length === 0 ? "no parked keys" : table(heading, rows)
  createTerminal(options).print(text, { keys: answer.keys })
}

async function resume(
  topic: string,
  group: string,
  key: string,
  options: ResumeOptions,
): Promise<void> {
  const body = options.encoded === true ? { keyBase64: key } : { key }
  const path = `${pathOf(topic, group)}/resume`
  const resumed = await askRouter<ParkedKeyDescription>(options, path, body)
  const text = `${key}: ${resumed.messages} messages wait in ${resumed.queue}, to be handled first`
  createTerminal(options).print(text, resumed)
}
