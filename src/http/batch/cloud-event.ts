import { jsonMember } from "./json-member.ts"
import { lineMessage, type ReadLine, UnusableLine, wellFormed } from "./line-message.ts"
import { base64Bytes, type JsonObject, textMember } from "./parse-object.ts"
import { readLine } from "./read-line.ts"

/**
 * The message of an event of the CloudEvents JSON format (1.0), as binary mode has it: attributes
 * become headers `ce-*`, data the body, `datacontenttype` the content type. The event's `id` is also
 * the message's, and the extension `partitionkey` is the key.
 */
export function cloudEvent(text: Uint8Array, newId: () => string): ReadLine {
  return readLine(text, { id: "id", key: "partitionkey" }, (event) => {
    for (const name of required) requireText(event, name)
    if (event.specversion !== "1.0") throw invalid(`specversion is not "1.0"`)
    const contentType = attributeOf(event, "datacontenttype") ?? impliedType(event)
    const parts = {
      id: textMember(event, "id"),
      key: attributeOf(event, "partitionkey"),
      headers: attributes(event),
      contentType,
      body: bodyOf(text, event, contentType),
    }
    return lineMessage(parts, newId)
  })
}

const required = ["specversion", "id", "source", "type"] as const
/** These are not attributes that become headers. */
const carriedElsewhere: ReadonlySet<string> = new Set(["data", "data_base64", "datacontenttype"])

const invalid = (detail: string): UnusableLine => new UnusableLine("invalid_line", detail)

function requireText(event: JsonObject, name: string): void {
  const value = textMember(event, name)
  if (value === undefined || value === "") throw invalid(`${name} is missing or empty`)
}

/** Null is how JSON says that an attribute is not there. */
const attributeOf = (event: JsonObject, name: string): string | undefined =>
  event[name] === null ? undefined : textMember(event, name)

function attributes(event: JsonObject): [string, string][] {
  const headers: [string, string][] = []
  for (const [name, value] of Object.entries(event)) {
    if (carriedElsewhere.has(name) || value === null) continue
    if (!/^[a-z0-9]+$/.test(name)) throw invalid(`${shown(name)} cannot be an attribute's name`)
    headers.push([`ce-${name}`, attributeText(name, value)])
  }
  return headers
}

function attributeText(name: string, value: unknown): string {
  if (typeof value === "string") return value
  // A larger integer is not known exactly any more.
  if (typeof value === "boolean" || Number.isSafeInteger(value)) return String(value)
  throw invalid(`attribute ${shown(name)} is not a string, a boolean or an integer below 2^53`)
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 32))

/** Without a content type data is JSON. */
const impliedType = (event: JsonObject): string | undefined =>
  Object.hasOwn(event, "data") ? "application/json" : undefined

/** Text is sent as it is where the content type says that it is not JSON, any JSON value verbatim. */
function bodyOf(text: Uint8Array, event: JsonObject, contentType: string | undefined): Uint8Array {
  const base64 = textMember(event, "data_base64")
  const hasData = Object.hasOwn(event, "data")
  if (base64 !== undefined) {
    if (hasData) throw invalid("it has both data and data_base64")
    return base64Bytes("data_base64", base64)
  }
  if (!hasData) return nothing
  const { data } = event
  if (typeof data === "string" && !isJson(contentType)) {
    return encoder.encode(wellFormed("data", data))
  }
  return jsonMember(text, "data")!.slice()
}

function isJson(contentType = ""): boolean {
  const mediaType = contentType.split(";", 1)[0]!.trim().toLowerCase()
  return mediaType.endsWith("/json") || mediaType.endsWith("+json")
}

const nothing = new Uint8Array(0)
const encoder = new TextEncoder()
