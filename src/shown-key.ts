import { decodeText } from "./wire/field.ts"

/** Bytes for people and JSON: text where they are UTF-8, else base64. */
export function shownKey(bytes: Uint8Array): { value: string; encoding: "utf-8" | "base64" } {
  const text = decodeText(bytes)
  if (typeof text === "string") return { value: text, encoding: "utf-8" }
  return { value: Buffer.from(bytes).toString("base64"), encoding: "base64" }
}
