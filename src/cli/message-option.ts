import { type Command, Option } from "commander"
import { givenKeyHeader } from "../core/given-key.ts"
import { keyBytes } from "../core/key.ts"
import type { Incoming } from "../core/outcome.ts"
import { encodeProperties } from "../wire/properties.ts"
import { headerOption } from "./header-option.ts"
import { readBody } from "./read-body.ts"
import { UsageError } from "./usage-error.ts"

/** A message as it is given on the command line. */
export interface MessageOptions {
  readonly key?: string
  readonly header: readonly (readonly [string, string])[]
  readonly body?: string
  readonly contentType?: string
}

/** Adds the options that describe a message. */
export function addMessageOptions(command: Command): Command {
  return command
    .option("--key <key>", "partition key; without it the topic's extractors look for one")
    .addOption(
      new Option("--header <name=value>", "message header, as often as needed")
        .argParser(headerOption)
        .default([], "none"),
    )
    .option("--body <file|-|text>", "the body: a file, stdin, or the text itself")
    .option("--content-type <type>", "content type of the body")
}

/** @throws {UsageError} when a part does not fit into a message */
export async function messageOf(options: MessageOptions, messageId?: string): Promise<Incoming> {
  const body = await readBody(options.body)
  const key = options.key === undefined ? undefined : keyBytes(options.key)
  if (options.key !== undefined && key === undefined) throw new UsageError("--key is empty")
  const { contentType } = options
  const given = options.key === undefined ? [] : [[givenKeyHeader, options.key] as const]
  const headers = [...options.header, ...given]
  try {
    const properties = encodeProperties({ contentType, messageId, deliveryMode: 2, headers })
    return { properties, body, ...(key === undefined ? {} : { key }) }
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
}

/** Why a message was refused, and what the command line lacked for it. */
export function refusal(
  { reason, detail }: { readonly reason: string; readonly detail: string },
  { body }: MessageOptions,
): string {
  return body === undefined && reason === "invalid_json" ? `${detail}; --body gives one` : detail
}
