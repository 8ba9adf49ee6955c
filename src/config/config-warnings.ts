import type { Config, PartitionQueueConfig } from "./config.ts"

export const configWarningCodes = [
  "classic_length_limit",
  "tls_not_used",
  "unknown_variable",
] as const

/** Something that is allowed and yet should be looked at. */
export interface ConfigWarning {
  readonly code: (typeof configWarningCodes)[number]
  /** The field, or the variable, that it is about. */
  readonly path: string
  /** For people; names it. */
  readonly message: string
}

/** What a configuration asks for that can cost messages, or secrets, though it is valid. */
export function configWarnings({ amqp, topics }: Config): readonly ConfigWarning[] {
  const classic = Object.entries(topics).flatMap(([topic, { groups }]) =>
    Object.entries(groups).flatMap(([group, { queue }]) => {
      const limit = lengthLimit(queue)
      if (queue.type !== "classic" || limit === undefined) return []
      return [classicLengthLimit(`topics.${topic}.groups.${group}.queue.${limit}`)]
    }),
  )
  return amqp.tls !== undefined && new URL(amqp.url).protocol === "amqp:"
    ? [tlsNotUsed, ...classic]
    : classic
}

const tlsNotUsed: ConfigWarning = {
  code: "tls_not_used",
  path: "amqp.tls",
  message:
    "amqp.tls: amqp.url begins with amqp://, so the connection is not encrypted, and the password " +
    "and all messages can be read on their way; amqps:// is",
}

function lengthLimit({ maxLength, maxLengthBytes }: PartitionQueueConfig) {
  if (maxLength !== undefined) return "maxLength"
  return maxLengthBytes === undefined ? undefined : "maxLengthBytes"
}

function classicLengthLimit(path: string): ConfigWarning {
  const fact =
    "a classic queue drops what is over its limit whenever the broker starts it, messages that were " +
    "accepted, whatever its overflow says; a quorum queue does not"
  return { code: "classic_length_limit", path, message: `${path}: ${fact}` }
}
