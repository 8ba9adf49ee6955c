import type { TopicConfig } from "../config/config.ts"
import type { KeyRule } from "../core/key-rule.ts"
import { builtInFile } from "../plugin/built-in.ts"

/** Options of a plugin that is not built in are the user's and may hold what is not for everyone. */
export const keyRule = ({ key, onMissingKey }: TopicConfig): KeyRule => ({
  extractors: key.map((each) => (builtInFile(each.use) === undefined ? { use: each.use } : each)),
  onMissingKey,
})
