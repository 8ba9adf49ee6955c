/** The public API: what configurations, plugins and programs that embed the router import. */
export { defineConfig } from "./config/define-config.ts"
export { bounds } from "./core/bounds.ts"
export type { KeyValue, PartitionKey } from "./core/key.ts"
export { InvalidKey, keyBytes } from "./core/key.ts"
export type { HeaderValue, MessageProperties, MessageView } from "./core/message.ts"
export { InvalidJson } from "./core/message.ts"
export type { EmbedOptions } from "./embed.ts"
export { createRouter } from "./embed.ts"
export { fmix32 } from "./hash/fmix32.ts"
export { jumpHash } from "./hash/jump-hash.ts"
export { murmur2 } from "./hash/murmur2.ts"
export { slotOf } from "./hash/slot.ts"
export { xxHash32 } from "./hash/xxhash32.ts"
export type {
  KeyExtractor,
  KeyExtractorPlugin,
  Partition,
  Partitioner,
  PartitionerGuarantees,
  PartitionerPlugin,
} from "./plugin/contract.ts"
export { defineKeyExtractor, definePartitioner } from "./plugin/contract.ts"
export type { Readiness, Router } from "./router.ts"
