import { keyBytes, type PartitionKey } from "./core/key.ts"
import type { MessageView } from "./core/message.ts"
import { messageView } from "./core/message-view.ts"
import type { Incoming, RejectReason } from "./core/outcome.ts"
import { route } from "./core/route.ts"
import { xxHash32 } from "./hash/xxhash32.ts"
import { shownKey } from "./shown-key.ts"
import type { TopicPlan } from "./topic-plan.ts"

/** Where a message would go and why; what `partymq explain` prints. */
export interface Explanation {
  readonly topic: string
  /** What each extractor, in order, made of the message. */
  readonly extractors: readonly { readonly use: string; readonly result: string }[]
  readonly key: ShownKey | null
  readonly placements: readonly ExplainedPlacement[]
  readonly rejected?: { readonly reason: RejectReason; readonly detail: string }
}

interface ShownKey {
  /** The key as text, or as base64 where it is not UTF-8. */
  readonly value: string
  readonly encoding: "utf-8" | "base64"
  readonly sizeBytes: number
  /** xxHash32 with seed 0, in hexadecimal: what the built-in partitioners place by. */
  readonly xxHash32: string
}

interface ExplainedPlacement {
  readonly group: string
  readonly generation: number
  readonly partitioner: string
  readonly partitions: number
  readonly partition: number
  readonly queue: string
}

/** Explains a message by the plan alone; nothing is asked of the broker, nothing is published. */
export function explain(plan: TopicPlan, message: Incoming): Explanation {
  const view = messageView(message.properties, message.body)
  const decision = route(plan.route, view, message.key, () => 0)
  const asked = { topic: plan.topic, extractors: trace(plan, view, message.key) }
  if (decision.kind === "rejected") {
    const { reason, detail } = decision
    return { ...asked, key: null, placements: [], rejected: { reason, detail } }
  }
  const placements = decision.placements.map((placement, at) => {
    const { partitioner, partitions } = plan.generations[at]!
    return { ...placement, partitioner: partitioner.name, partitions }
  })
  return { ...asked, key: decision.key === undefined ? null : shown(decision.key), placements }
}

function trace(plan: TopicPlan, view: MessageView, given: PartitionKey | undefined) {
  if (given !== undefined) return [{ use: "Partition-Key", result: "given with the message" }]
  const results: { use: string; result: string }[] = []
  for (const { use, extract } of plan.extractors) {
    const result = attempt(() => {
      const value = extract(view)
      return value === undefined ? undefined : keyBytes(value)
    })
    results.push({ use, result: result.said })
    if (result.isLast) break
  }
  return results
}

function attempt(extract: () => PartitionKey | undefined): { said: string; isLast: boolean } {
  try {
    const key = extract()
    if (key === undefined) return { said: "no key", isLast: false }
    return { said: `key ${JSON.stringify(shownKey(key).value)}`, isLast: true }
  } catch (error) {
    return { said: error instanceof Error ? error.message : "threw", isLast: true }
  }
}

const shown = (key: PartitionKey): ShownKey => ({
  ...shownKey(key),
  sizeBytes: key.length,
  xxHash32: xxHash32(key).toString(16).padStart(8, "0"),
})
