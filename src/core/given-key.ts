/**
 * Carries the key of a message whose producer set it outright (`Partition-Key`, `--key`): it stands
 * nowhere else in the message, and consumers would not know it. Routing never reads it.
 */
export const givenKeyHeader = "x-partymq-key"
