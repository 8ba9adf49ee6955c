import { Command, Option } from "commander"
import packageJson from "../../package.json" with { type: "json" }
import { addCheck } from "./commands/check.ts"
import { addConsume } from "./commands/consume.ts"
import { addDev } from "./commands/dev.ts"
import { addDlq } from "./commands/dlq.ts"
import { addExplain } from "./commands/explain.ts"
import { addGroup } from "./commands/group.ts"
import { addKeys } from "./commands/keys.ts"
import { addPublish } from "./commands/publish.ts"
import { addServe } from "./commands/serve.ts"
import { writeOut } from "./standard-output.ts"

/** The command line, ready to parse: it throws instead of exiting and leaves errors to its caller. */
export function createProgram(): Command {
  const program = new Command("partymq")
    .description(packageJson.description)
    .version(packageJson.version)
    .addOption(
      new Option("--output <kind>", "how results and errors are printed")
        .choices(["text", "json"])
        .default("text"),
    )
    .option("--config <file>", "configuration file (default: partymq.config.* here)")
    .option("--log-level <level>", "trace, debug, info, warn, error, fatal or silent")
    .option("--amqp-url <url>", "the broker, as amqp://user:password@host:port/vhost")
    .option("--http-port <port>", "port to listen on; 0 takes a free one")
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .configureOutput({ writeOut, outputError: () => {} })
    .exitOverride()
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 wrong usage or configuration." +
        "\nA flag counts before the environment (PARTYMQ_*), and that before the file.",
    )
  const plain = [addServe, addDev, addCheck, addPublish, addConsume, addExplain]
  for (const add of [...plain, addDlq, addGroup, addKeys]) add(program)
  return program
}
