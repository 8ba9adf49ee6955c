import type { Command } from "commander"
import type { Config } from "../../config/config.ts"
import { nearestName } from "../../config/nearest-name.ts"
import { keyBytes } from "../../core/key.ts"
import type { Incoming, PublishOutcome } from "../../core/outcome.ts"
import { configSecrets } from "../../log/config-secrets.ts"
import { createLog } from "../../log.ts"
import type { Router } from "../../router.ts"
import { encodeProperties } from "../../wire/properties.ts"
import { within } from "../../within.ts"
import { CommandFailed } from "../command-failed.ts"
import { configuration } from "../configuration.ts"
import type { GlobalOptions } from "../global-options.ts"
import { headerOption } from "../header-option.ts"
import { readBody } from "../read-body.ts"
import { refuseClientBound } from "../refuse-client-bound.ts"
import { installSafetyNet } from "../safety-net.ts"
import { table } from "../table.ts"
import { createTerminal, type Terminal } from "../terminal.ts"
import { UsageError } from "../usage-error.ts"
import { withProgress } from "../with-progress.ts"

interface PublishOptions extends GlobalOptions {
  readonly key?: string
  readonly header: readonly (readonly [string, string])[]
  readonly body?: string
  readonly contentType?: string
  readonly id?: string
}

/** `partymq publish`: one message into every group of a topic, as the router would put it there. */
export function addPublish(program: Command): void {
  program
    .command("publish")
    .argument("<topic>")
    .description("publish one message to a topic and say where it went")
    .option("--key <key>", "partition key; without it the topic's extractors look for one")
    .option("--header <name=value>", "message header, as often as needed", headerOption, [])
    .option("--body <file|-|text>", "the body: a file, stdin, or the text itself")
    .option("--content-type <type>", "content type of the body")
    .option("--id <id>", "message id (default: a new UUID)")
    .action(async (topic: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PublishOptions>()
      const { config, baseDir } = await configuration(options)
      requireTopic(config, topic)
      refuseClientBound(config)
      const id = options.id ?? Bun.randomUUIDv7()
      const message = await messageOf(options, id)
      const log = createLog({ level: config.log.level, secrets: configSecrets(config) })
      installSafetyNet(log)
      const { createRouter } = await import("../../router.ts")
      const router = await createRouter(config, { log, baseDir, readSources: false })
      try {
        await withProgress("connecting to the broker", connected(router, config))
        const outcome = await withProgress("waiting for confirms", router.publish(topic, message))
        report(createTerminal(options), outcome, { id, topic })
      } finally {
        await router.stop()
      }
    })
}

/** A router waits for its broker as long as it takes; a command does not. */
function connected(router: Router, { http }: Config): Promise<void> {
  const fact = `the broker could not be reached within http.publishTimeoutMs, ${http.publishTimeoutMs} ms`
  return within(http.publishTimeoutMs, router.start(), () => new CommandFailed("broker_away", fact))
}

function requireTopic(config: Config, topic: string): void {
  const topics = Object.keys(config.topics)
  if (topics.includes(topic)) return
  const nearest = nearestName(topic, topics)
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`
  throw new UsageError(`topic "${topic}" is not configured; allowed: ${topics.join(", ")}${hint}`)
}

async function messageOf(options: PublishOptions, id: string): Promise<Incoming> {
  const body = await readBody(options.body)
  const key = options.key === undefined ? undefined : keyBytes(options.key)
  if (options.key !== undefined && key === undefined) throw new UsageError("--key is empty")
  const properties = propertiesOf(options, id)
  return { properties, body, ...(key === undefined ? {} : { key }) }
}

function propertiesOf(options: PublishOptions, messageId: string): Uint8Array {
  const { contentType, header: headers } = options
  try {
    return encodeProperties({ contentType, messageId, deliveryMode: 2, headers })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
}

function report(
  terminal: Terminal,
  outcome: PublishOutcome,
  sent: { id: string; topic: string },
): void {
  switch (outcome.kind) {
    case "accepted": {
      const { placements } = outcome
      const key = outcome.key === undefined ? null : new TextDecoder().decode(outcome.key)
      const rows = placements.map((at) => [at.group, at.generation, at.partition, at.queue])
      const places = table(["group", "generation", "partition", "queue"], rows)
      const heading = `accepted ${sent.id}, key ${key === null ? "none" : JSON.stringify(key)}`
      terminal.print(`${heading}\n${places}`, { ...sent, key, placements })
      return
    }
    case "rejected":
      throw new CommandFailed(outcome.reason, `the message was not published: ${outcome.detail}`)
    case "unavailable":
      throw new CommandFailed(outcome.code, `the message was not published: ${outcome.detail}`)
    case "unknown":
      throw new CommandFailed(
        outcome.code,
        `it is not known whether the message was published: ${outcome.detail}`,
      )
  }
}
