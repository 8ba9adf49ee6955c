/** Canonical bytes that decide placement and order: equal bytes, same partition, in order. */
export type PartitionKey = Uint8Array & { readonly __brand: "PartitionKey" }

/** What a key extractor may return. `bigint` carries 64-bit integers that a `number` cannot. */
export type KeyValue = string | number | bigint | boolean | Uint8Array

/** A value that was found but cannot be a key; the message is rejected, not routed by accident. */
export class InvalidKey extends Error {
  override readonly name = "InvalidKey"
  readonly code = "invalid_key"
}

const encoder = new TextEncoder()

/**
 * The one canonical form of a key, whichever way it came (HTTP or AMQP, header or body).
 *
 * | value | bytes |
 * | --- | --- |
 * | string | its UTF-8 |
 * | number | its shortest decimal form, as ECMAScript's `Number::toString` (`42`, `1.5`, `1e+21`; `-0` is `0`) |
 * | bigint, int64 | its decimal form; equal to the number's where both can say it |
 * | boolean | `true` or `false` |
 * | bytes | themselves |
 *
 * So the string `"42"`, the JSON number `42` and the AMQP integer `42` are one key. The empty key is
 * no key (`undefined`): an empty value is nearly always a missing one.
 *
 * @throws {InvalidKey} for NaN, infinities and anything that is not one of these types
 */
export function keyBytes(value: unknown): PartitionKey | undefined {
  const bytes = canonicalBytes(value)
  return bytes.length === 0 ? undefined : (bytes as PartitionKey)
}

function canonicalBytes(value: unknown): Uint8Array {
  switch (typeof value) {
    case "string":
      return encoder.encode(value)
    case "number":
      if (Number.isFinite(value)) return encoder.encode(String(value))
      throw new InvalidKey(`the key is ${value}, which is not a number`)
    case "bigint":
    case "boolean":
      return encoder.encode(String(value))
    default:
      if (value instanceof Uint8Array) return value
      throw new InvalidKey(
        `the key is ${described(value)}; a key is a string, number, boolean or bytes`,
      )
  }
}

function described(value: unknown): string {
  if (value === null) return "null"
  return Array.isArray(value) ? "an array" : `of type ${typeof value}`
}
