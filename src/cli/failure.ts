import { CommanderError } from "commander"
import { BrokerError } from "../broker/broker-error.ts"
import { tlsFileCode } from "../broker/endpoint.ts"
import { StartRefused } from "../broker/start-refused.ts"
import { ConfigError, type ConfigProblem } from "../config/config-error.ts"
import { redactText } from "../config/redact-text.ts"
import { PluginError } from "../plugin/plugin-error.ts"
import { UsageError } from "./usage-error.ts"

/** What is told of an error before the process ends: sentences, never a stack. */
export interface Failure {
  readonly exitCode: 1 | 2
  /** Stable, for programs. */
  readonly code: string
  readonly message: string
  readonly problems?: readonly ConfigProblem[]
}

export function failureOf(error: unknown): Failure {
  if (error instanceof ConfigError) {
    const { code, problems } = error
    return { exitCode: 2, code, message: redactText(error.message), problems }
  }
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "").trim()
    return { exitCode: 2, code: "usage", message: redactText(message) }
  }
  if (isConfiguration(error)) {
    return { exitCode: 2, code: error.code, message: redactText(error.message) }
  }
  const { code } = (error ?? {}) as { code?: unknown }
  return {
    exitCode: 1,
    code: typeof code === "string" ? code : "internal",
    message: redactText(error instanceof Error ? error.message : String(error)),
  }
}

/** Only a change of the command line or the configuration helps. */
function isConfiguration(error: unknown): error is Error & { code: string } {
  if (error instanceof BrokerError) return error.code === tlsFileCode
  return [UsageError, PluginError, StartRefused].some((kind) => error instanceof kind)
}

/** The failure as it is printed: a list for people or one JSON document. */
export function failureText(failure: Failure, isJson: boolean): string {
  const { code, message, problems } = failure
  if (isJson) return JSON.stringify({ error: { code, message, ...(problems && { problems }) } })
  if (problems === undefined) return `partymq: ${message}`
  const heading = `partymq: the configuration has ${count(problems.length, "mistake")}:`
  return [heading, ...problems.map((problem) => `  - ${redactText(problem.message)}`)].join("\n")
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`
}
