import * as v from "valibot"
import { bounds } from "../../core/bounds.ts"
import { type Contradiction, contradictions } from "./contradictions.ts"
import { durationMs, integer, name, oneOf, pluginUse, text } from "./fields.ts"
import { groupSchema } from "./group-schema.ts"
import { named, section } from "./section.ts"
import { sourceSchema } from "./source-schema.ts"

const groupsAllowed = `1 to ${bounds.groupsMax} groups`

const missingKeyWord = v.picklist(
  ["dead-letter", "spread"],
  '"dead-letter", "spread", { key: "a fixed key" }',
)
const missingKeyFixed = section({ key: text })

const fields = section({
  source: v.exactOptional(sourceSchema),
  key: v.optional(v.array(pluginUse, "a list of key extractors"), []),
  onMissingKey: v.optional(
    v.lazy<typeof missingKeyWord | typeof missingKeyFixed>((input) =>
      typeof input === "object" && input !== null ? missingKeyFixed : missingKeyWord,
    ),
    "dead-letter",
  ),
  groups: v.optional(
    v.pipe(
      named(name, groupSchema),
      v.minEntries(1, groupsAllowed),
      v.maxEntries(bounds.groupsMax, groupsAllowed),
    ),
    { default: {} },
  ),
  retry: v.optional(
    section({
      attemptsMax: v.optional(integer(1, 1_000_000), 10),
      backoffMs: v.optional(durationMs(), 100),
      backoffMaxMs: v.optional(durationMs(), 5_000),
    }),
    {},
  ),
  deadLetter: v.optional(section({ type: v.optional(oneOf(["quorum", "classic"]), "quorum") }), {}),
})

export const topicSchema = v.pipe(fields, contradictions(topicContradictions))

function topicContradictions(topic: v.InferOutput<typeof fields>): Contradiction[] {
  const { source, key, onMissingKey, retry } = topic
  const found: Contradiction[] = []
  if (source !== undefined && key.length === 0 && onMissingKey === "dead-letter") {
    const allowed =
      'at least one key extractor while onMissingKey is "dead-letter", or every message of the ' +
      "source would be dead-lettered"
    found.push({ path: ["key"], found: key, allowed })
  }
  if (retry.backoffMaxMs < retry.backoffMs) {
    const allowed = `at least backoffMs, which is ${retry.backoffMs}`
    found.push({ path: ["retry", "backoffMaxMs"], found: retry.backoffMaxMs, allowed })
  }
  return found
}
