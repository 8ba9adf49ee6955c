import type { Command } from "commander"
import { configuration } from "../configuration.ts"
import type { GlobalOptions } from "../global-options.ts"
import { stopSignals } from "../stop-signals.ts"
import { createTerminal } from "../terminal.ts"

/** `partymq serve`: runs the router until it is asked to end. */
export function addServe(program: Command): void {
  program
    .command("serve")
    .description("run the router: HTTP and AMQP in, partition queues out")
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const terminal = createTerminal(options)
      const stopped = stopSignals()
      const loaded = await configuration(options)
      // Loaded here so that the other commands start without broker and HTTP code.
      const { runRouter } = await import("../run-router.ts")
      await runRouter({
        loaded,
        stopped,
        onListening({ url, port }) {
          const topics = Object.keys(loaded.config.topics)
          const text = `PartyMQ listens on ${url} (topics: ${topics.join(", ")})`
          terminal.print(text, { event: "listening", url, port, topics })
        },
      })
    })
}
