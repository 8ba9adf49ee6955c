import { jsonMember } from "./json-member.ts"
import { lineMessage, type ReadLine, UnusableLine, wellFormed } from "./line-message.ts"
import { base64Bytes, type JsonObject, textMember } from "./parse-object.ts"
import { readLine } from "./read-line.ts"

/**
 * The message of a line `{"key"?, "headers"?, "contentType"?, "id"?, "body" | "bodyBase64"}`. A string
 * `body` is sent as that text, any other JSON value as its bytes stand in the line, because numbers
 * may not survive being parsed. Checked by hand: this is done for every line.
 */
export function ndjsonMessage(text: Uint8Array, newId: () => string): ReadLine {
  return readLine(text, { id: "id", key: "key" }, (line) => {
    for (const name in line) if (!known.has(name)) throw unknownMember(name)
    const { body } = line
    const isText = typeof body === "string" || Object.hasOwn(line, "bodyBase64")
    const parts = {
      id: textMember(line, "id"),
      key: textMember(line, "key"),
      headers: headersOf(line),
      contentType: textMember(line, "contentType") ?? (isText ? undefined : "application/json"),
      body: bodyOf(text, line),
    }
    return lineMessage(parts, newId)
  })
}

const known: ReadonlySet<string> = new Set([
  "key",
  "headers",
  "contentType",
  "id",
  "body",
  "bodyBase64",
])

function unknownMember(name: string): UnusableLine {
  const allowed = [...known].join(", ")
  const shown = JSON.stringify(name.slice(0, 32))
  return new UnusableLine("invalid_line", `${shown} is not a known member; allowed: ${allowed}`)
}

function bodyOf(text: Uint8Array, line: JsonObject): Uint8Array {
  const { body } = line
  const base64 = textMember(line, "bodyBase64")
  if ((body === undefined) === (base64 === undefined)) {
    throw new UnusableLine("invalid_line", "it needs one of body and bodyBase64")
  }
  if (base64 !== undefined) return base64Bytes("bodyBase64", base64)
  if (typeof body === "string") return encoder.encode(wellFormed("body", body))
  // A copy, for the line lies in a chunk that may be much larger.
  return jsonMember(text, "body")!.slice()
}

function headersOf({ headers }: JsonObject): readonly (readonly [string, string])[] {
  if (headers === undefined) return none
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    throw new UnusableLine("invalid_line", "headers is not an object")
  }
  const entries = Object.entries(headers)
  const wrong = entries.find(([, value]) => typeof value !== "string")
  if (wrong === undefined) return entries
  const shown = JSON.stringify(wrong[0].slice(0, 32))
  throw new UnusableLine("invalid_line", `header ${shown} is not a string`)
}

const none: readonly (readonly [string, string])[] = []
const encoder = new TextEncoder()
