import { jsonValue } from "../json-value.ts"
import { UnusableLine } from "./line-message.ts"

export type JsonObject = { readonly [name: string]: unknown }

/** @throws {UnusableLine} when the text is not a JSON object in UTF-8 */
export function parseObject(text: Uint8Array): JsonObject {
  const value = jsonValue(text)
  // What the runtime says of it quotes the text.
  if (value === undefined) throw new UnusableLine("invalid_line", "it is not JSON in UTF-8")
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject
  }
  throw new UnusableLine("invalid_line", "it is not a JSON object")
}

/** @throws {UnusableLine} when the member is there and is no string */
export function textMember(object: JsonObject, name: string): string | undefined {
  const value = object[name]
  if (value === undefined || typeof value === "string") return value
  throw new UnusableLine("invalid_line", `${name} is not a string`)
}

/** @throws {UnusableLine} when it is not base64 */
export function base64Bytes(name: string, text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text)
  } catch {
    throw new UnusableLine("invalid_line", `${name} is not base64`)
  }
}

/** What the producer called the message, for the result of a line that cannot be used. */
export function givenText(object: JsonObject | undefined, name: string): string | undefined {
  const value = object?.[name]
  return typeof value === "string" ? value : undefined
}
