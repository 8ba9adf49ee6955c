import { givenKey } from "../given-key.ts"
import type { PartitionKey } from "../key.ts"
import type { MessageView } from "../message.ts"
import { type GroupRoute, route, type TopicRoute } from "../route.ts"

/** What can be known of the key by which a message came into its partition. */
export interface PulledKey {
  /** To be shown; `undefined` for none, and where it is not known. */
  readonly key: PartitionKey | undefined
  /** The message is given to nobody while another with one of these is with somebody. */
  readonly exclusive: readonly string[]
}

/**
 * Tells the keys by which a message in a partition may have been routed. The message does not say:
 *
 * - Its producer may have set the key outright, which is what `x-partymq-key` says, unless a producer
 *   over AMQP made that header up.
 * - Else the extractors found it, or the topic has one for messages without.
 *
 * Of these two, those lead to its partition that may be the one; nearly always it is a single one. Where
 * both do, both are taken. Where neither does, it did not come by the routes of now, and all such
 * messages of a partition are taken for those of one key.
 *
 * @param topic with that group alone
 */
export function pulledKey(topic: TopicRoute, partition: number, message: MessageView): PulledKey {
  const ledHere = (given: PartitionKey | undefined) => {
    const routed = route(topic, message, given, () => partition)
    if (routed.kind === "rejected" || routed.placements[0]?.partition !== partition)
      return undefined
    return routed
  }
  const given = givenKey(message)
  const keys: PartitionKey[] = []
  if (given !== undefined && ledHere(given) !== undefined) keys.push(given)
  const extracted = ledHere(undefined)
  if (extracted?.key !== undefined) keys.push(extracted.key)
  const [key] = keys
  if (key === undefined && extracted !== undefined) return { key: undefined, exclusive: [] }
  return { key, exclusive: key === undefined ? [unknown] : keys.map(textOf) }
}

/** The topic as one of its groups sees it. */
export const onlyGroup = (topic: TopicRoute, group: GroupRoute): TopicRoute => ({
  ...topic,
  groups: [group],
})

const latin1 = new TextDecoder("latin1")
/** No key's text begins like that. */
const unknown = "?"
const textOf = (key: PartitionKey): string => `=${latin1.decode(key)}`
