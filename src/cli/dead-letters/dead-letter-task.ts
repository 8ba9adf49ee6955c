import type { LoadedConfig } from "../../config/load-config.ts"
import type { Terminal } from "../terminal.ts"

/** One command on one topic's dead-letter queue. */
export interface DeadLetterTask {
  readonly topic: string
  readonly queue: string
  readonly loaded: LoadedConfig
  readonly terminal: Terminal
}
