import { bounds } from "../core/bounds.ts"
import type { Keys } from "../core/consume/keyed-queue.ts"
import { givenKeyHeader } from "../core/given-key.ts"
import { keyBytes } from "../core/key.ts"
import type { KeyRule, NamedExtractor } from "../core/key-rule.ts"
import type { MessageView } from "../core/message.ts"
import { builtInFile } from "../plugin/built-in.ts"
import type { KeyExtractor } from "../plugin/contract.ts"
import { loadKeyExtractor } from "../plugin/load-key-extractor.ts"

/** What is known of a message's key. */
export interface MessageKeys {
  /** The key by which it was placed, as far as can be told. */
  readonly key: Uint8Array | undefined
  /** All that it may have been placed by; `"alone"` where that cannot be told. */
  readonly keys: Keys
}

export type ReadKeys = (message: MessageView) => MessageKeys

/** Of a message that nothing is known of. */
const alone: MessageKeys = { key: undefined, keys: "alone" }

/**
 * How to tell a message's keys as PartyMQ did when it placed the message. Where it may have done so by
 * one of two, both count; where it cannot be told, the message runs alone in its partition. So two
 * messages of one key never run at once.
 *
 * @param rule what PartyMQ says; `undefined` while it has said nothing
 * @param own the user's extractor, in place of the topic's
 */
export async function keyReader(
  rule: KeyRule | undefined,
  own: KeyExtractor | undefined,
): Promise<ReadKeys> {
  const extract = own === undefined ? await topicKey(rule) : ownKey(own)
  return (message) => {
    const given = givenKey(message)
    const found = extract(message)
    if (given === "unknown" || found === "unknown") return alone
    if (given === undefined) {
      if (found === "impossible") return alone
      return found === undefined
        ? { key: undefined, keys: [] }
        : { key: found, keys: [text(found)] }
    }
    // A message from a source may bear the header without having been placed by it.
    const others = found instanceof Uint8Array ? [text(found)] : []
    return { key: given, keys: [text(given), ...others] }
  }
}

/** One character for each byte. */
const text = (key: Uint8Array): string => latin1.decode(key)
const latin1 = new TextDecoder("latin1")

function givenKey(message: MessageView): Uint8Array | undefined | "unknown" {
  try {
    return message.headerKey(givenKeyHeader)
  } catch {
    return "unknown"
  }
}

/**
 * A key; `undefined`: placed without one, in any order; `"impossible"`: PartyMQ would have rejected it;
 * `"unknown"`: somebody would have to be asked who is not here.
 */
type Found = Uint8Array | undefined | "impossible" | "unknown"

const ownKey =
  (own: KeyExtractor) =>
  (message: MessageView): Found => {
    const found = valid(() => own(message))
    return found instanceof Uint8Array ? found : "unknown"
  }

async function topicKey(rule: KeyRule | undefined): Promise<(message: MessageView) => Found> {
  if (rule === undefined) return () => "unknown"
  const { onMissingKey } = rule
  const extractors = await Promise.all(rule.extractors.map(loaded))
  const otherwise = (): Found => {
    if (onMissingKey === "spread") return undefined
    return onMissingKey === "dead-letter" ? "impossible" : keyBytes(onMissingKey.key)
  }
  return (message) => {
    for (const extract of extractors) {
      if (extract === undefined) return "unknown"
      const found = valid(() => extract(message))
      if (found !== undefined) return found
    }
    return otherwise()
  }
}

/** `undefined` for one that is not built in, or is so in another version only. */
async function loaded(extractor: NamedExtractor): Promise<KeyExtractor | undefined> {
  if (builtInFile(extractor.use) === undefined) return undefined
  const loading = loadKeyExtractor(extractor, { baseDir: "/" })
  return loading.then(
    ({ extract }) => extract,
    () => undefined,
  )
}

function valid(extract: () => unknown): Uint8Array | undefined | "impossible" {
  try {
    const value = extract()
    const key = value === undefined || value === null ? undefined : keyBytes(value)
    return key !== undefined && key.length > bounds.keyBytesMax ? "impossible" : key
  } catch {
    return "impossible"
  }
}
