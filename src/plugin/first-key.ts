import { keyBytes, type PartitionKey } from "../core/key.ts"
import type { MessageView } from "../core/message.ts"
import type { KeyExtractor } from "./contract.ts"

/**
 * Several extractors as one: the canonical key of the first that yields one. An empty value is
 * none. What an extractor throws ends the search: a message whose first key is broken must not be
 * routed by its second, or the order of the first is lost.
 */
export function firstKey(
  extractors: readonly KeyExtractor[],
): (message: MessageView) => PartitionKey | undefined {
  return (message) => {
    for (const extract of extractors) {
      const value = extract(message)
      if (value === undefined || value === null) continue
      const key = keyBytes(value)
      if (key !== undefined) return key
    }
    return undefined
  }
}
