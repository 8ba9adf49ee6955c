/**
 * How a topic's keys are found, as consumers are told. A built-in key extractor comes with its options,
 * so that others can load it; any other is only named.
 */
export interface KeyRule {
  /** In the order they are asked. */
  readonly extractors: readonly NamedExtractor[]
  readonly onMissingKey: "dead-letter" | "spread" | { readonly key: string }
}

export interface NamedExtractor {
  readonly use: string
  readonly [option: string]: unknown
}
