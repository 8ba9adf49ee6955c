/**
 * The suite that every built-in plugin passes, for one's own:
 *
 * ```ts
 * import { test } from "bun:test"
 * import { partitionerChecks, runChecks } from "partymq/conformance"
 * import mine from "./my-partitioner.ts"
 *
 * runChecks(test, partitionerChecks(mine))
 * ```
 */
export { type Check, ConformanceFailure, runChecks, type TestFunction } from "./check.ts"
export { type ExampleMessage, exampleMessage } from "./example-message.ts"
export { type KeyExtractorCheckSettings, keyExtractorChecks } from "./key-extractor-checks.ts"
export { type PartitionerCheckSettings, partitionerChecks } from "./partitioner-checks.ts"
