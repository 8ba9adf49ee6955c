import type { PartitionKey } from "./key.ts"
import type { MessageView } from "./message.ts"

/**
 * Carries the key of a message whose producer set it outright (`Partition-Key`, `--key`): it stands
 * nowhere else in the message, and consumers would not know it. Routing never reads it.
 */
export const givenKeyHeader = "x-partymq-key"

/** The key that a message bears there; `undefined` also for what can be none. */
export function givenKey(message: MessageView): PartitionKey | undefined {
  try {
    return message.headerKey(givenKeyHeader) as PartitionKey | undefined
  } catch {
    // Malformed, or a table.
    return undefined
  }
}
