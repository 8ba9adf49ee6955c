import type { Command } from "commander"
import { stringify } from "yaml"
import { endpointOf } from "../../broker/endpoint.ts"
import { redact } from "../../config/redact.ts"
import { configuration } from "../configuration.ts"
import type { GlobalOptions } from "../global-options.ts"
import { createTerminal } from "../terminal.ts"
import { withProgress } from "../with-progress.ts"

/** `partymq check`: validates the configuration and prints what it comes to, without secrets. */
export function addCheck(program: Command): void {
  program
    .command("check")
    .description("validate the configuration and print the effective one, secrets redacted")
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const { config, file, baseDir, provenance, origin, warnings } = await configuration(options)
      // Loaded here so that plugins cost the other commands nothing.
      const { checkPlugins } = await import("../check-plugins.ts")
      await withProgress("loading plugins", checkPlugins(config, baseDir))
      // Which reads the files of TLS.
      endpointOf(config.amqp)
      const shown = redact(config)
      const sources = [...provenance].map(([path, source]) => `# ${path} comes from ${source}`)
      const base = origin === "file" ? file : "the environment of the original PartyMQ"
      const heading = [`# valid; read from ${base}`, ...sources].join("\n")
      const terminal = createTerminal(options)
      for (const warning of warnings) terminal.warn(warning)
      terminal.print(`${heading}\n${stringify(shown)}`, shown)
    })
}
