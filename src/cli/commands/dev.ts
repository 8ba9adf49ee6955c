import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import type { Command } from "commander"
import { StartRefused } from "../../broker/start-refused.ts"
import type { Config } from "../../config/config.ts"
import type { LoadedConfig } from "../../config/load-config.ts"
import { configuration } from "../configuration.ts"
import { devConfigFile } from "../dev-config-file.ts"
import { exampleConfig } from "../example-config.ts"
import { freePort } from "../free-port.ts"
import type { GlobalOptions } from "../global-options.ts"
import { localUrl } from "../local-url.ts"
import { stopSignals } from "../stop-signals.ts"
import { createTerminal } from "../terminal.ts"
import { withProgress } from "../with-progress.ts"

/** What outlives a run: the private node's messages, and the configuration as it runs. */
const stateFolder = join(process.cwd(), ".partymq")

/** `partymq dev`: what `serve` does, with a broker and a topic of its own where there is none. */
export function addDev(program: Command): void {
  program
    .command("dev")
    .description("run with a broker found or started by itself and, without a config, an example")
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const terminal = createTerminal(options)
      const stopped = stopSignals()
      const loaded = await configuration(options, exampleConfig)
      const { findBroker } = await import("../../local-broker/find-broker.ts")
      const { runRouter } = await import("../run-router.ts")
      const { amqp } = loaded.config
      const finding = findBroker({
        // A broker that the configuration names is not to be replaced by a private one.
        ...(loaded.isBrokerGiven && { url: amqp.url }),
        ...(amqp.managementUrl !== undefined && { managementUrl: amqp.managementUrl }),
        persistentRoot: stateFolder,
        say: terminal.say,
      })
      const begun = await Promise.race([withProgress("waiting for the broker", finding), stopped])
      if (typeof begun === "string") return finding.then((broker) => broker.stop())
      try {
        const { url, managementUrl } = begun
        const config = await forDevelopment(loaded.config, {
          url,
          ...(managementUrl && { managementUrl }),
        })
        if (config.http.port !== loaded.config.http.port) {
          terminal.say(`port ${loaded.config.http.port} is taken: another one is used`)
        }
        await runRouter({
          loaded: { ...loaded, config },
          stopped,
          onReady(server) {
            const listening = localUrl(server.url)
            const curl = curlLine(loaded, listening)
            const consume = consumeLine(
              config,
              writeDevConfig(config, loaded.baseDir, devConfigFile(stateFolder, begun)),
            )
            const text = welcome(listening, config, begun.kind, [curl, consume])
            const { port } = server
            terminal.print(text, { event: "listening", url: listening, port, curl, consume })
          },
        })
      } catch (error) {
        throw begun.kind === "private" ? withWayOut(error) : error
      } finally {
        await begun.stop()
      }
    })
}

/** What a private node remembers of an earlier configuration may be thrown away. */
function withWayOut(error: unknown): unknown {
  if (!(error instanceof StartRefused)) return error
  const way = "This broker is a private one: remove the folder .partymq to start afresh"
  return new StartRefused(error.code, `${error.message.replace(/\.$/, "")}. ${way}`)
}

async function forDevelopment(
  config: Config,
  broker: { url: string; managementUrl?: string },
): Promise<Config> {
  const port = await freePort(config.http.host, config.http.port)
  return { ...config, amqp: { ...config.amqp, ...broker }, http: { ...config.http, port } }
}

function welcome(
  url: string,
  config: Config,
  brokerKind: string,
  tries: readonly string[],
): string {
  const topics = Object.entries(config.topics).map(([topic, { source, groups }]) => {
    const sizes = Object.entries(groups).map(
      ([group, { partitions }]) => `${group} (${partitions})`,
    )
    const from = source === undefined ? "" : ` from queue ${source.queue}`
    return `  topic ${topic}${from}, groups (partitions): ${sizes.join(", ")}`
  })
  return [
    `PartyMQ listens on ${url} (broker: ${brokerKind})`,
    ...topics,
    "Try:",
    ...tries.map((line) => `  ${line}`),
    "Stop with Ctrl-C.",
  ].join("\n")
}

/** The configuration as it runs, for the other commands: the broker's port differs at each start. */
function writeDevConfig(config: Config, baseDir: string, file: string): string {
  mkdirSync(stateFolder, { recursive: true })
  const isRelative = (name: string, value: unknown): value is string =>
    name === "use" && typeof value === "string" && /^\.\.?\//.test(value)
  // Plugin paths are relative to where the configuration came from.
  const absolute = (name: string, value: unknown) =>
    isRelative(name, value) ? resolve(baseDir, value) : value
  // It holds the broker's password.
  writeFileSync(file, JSON.stringify(config, absolute, 2), { mode: 0o600 })
  return file
}

function consumeLine({ topics }: Config, file: string): string {
  const [topic, { groups }] = Object.entries(topics)[0]!
  const command = `npx partymq consume ${topic} --group ${Object.keys(groups)[0]}`
  return `${command} --config ${relative(process.cwd(), file)}`
}

/** A request that is accepted whatever the topic's extractors look for. */
function curlLine({ config, origin }: LoadedConfig, url: string): string {
  const topic = Object.keys(config.topics)[0]!
  const key = origin === "fallback" ? "" : "-H 'Partition-Key: c-42' "
  const body = `{"customer":{"id":"c-42"},"total":12.5}`
  return (
    `curl -i ${url}/v1/topics/${topic}/messages -H 'Content-Type: application/json' ` +
    `${key}-d '${body}'`
  )
}
