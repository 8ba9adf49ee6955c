import { describe, expect, test } from "bun:test"
import { messageView } from "../../../src/core/message-view.ts"
import { cloudEvent } from "../../../src/http/batch/cloud-event.ts"
import type { ReadLine } from "../../../src/http/batch/line-message.ts"
import { ndjsonMessage } from "../../../src/http/batch/ndjson-message.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const line = (value: unknown): ReadLine =>
  ndjsonMessage(bytes(typeof value === "string" ? value : JSON.stringify(value)), () => "made-up")
const event = (more: object): ReadLine => {
  const least = { specversion: "1.0", id: "e", source: "/s", type: "t" }
  return cloudEvent(bytes(JSON.stringify({ ...least, ...more })), () => "made-up")
}

function message(read: ReadLine) {
  if (read.kind === "refused") throw new Error(read.detail)
  const { properties, body, key } = read.message
  const view = messageView(properties, body)
  return {
    id: read.id,
    body: Buffer.from(body).toString(),
    key: key && Buffer.from(key).toString(),
    contentType: view.properties.contentType,
    header: (name: string) => view.header(name),
  }
}

const refusal = (read: ReadLine) => {
  if (read.kind === "message") throw new Error("it was not refused")
  const { code, detail, id, key } = read
  expect(detail.length).toBeLessThan(200)
  return { code, id, key: key && Buffer.from(key).toString() }
}

describe("a line", () => {
  const bodies: readonly (readonly [json: string, body: string])[] = [
    ['""', ""],
    ['"\\ud83d\\ude00"', "😀"],
    ["null", "null"],
    ["1.0", "1.0"],
    ["false", "false"],
    ["[ 1 ]", "[ 1 ]"],
    ['{"a":12345678901234567890}', '{"a":12345678901234567890}'],
  ]
  for (const [json, body] of bodies) {
    test(`with the body ${json} is a message of ${JSON.stringify(body)}`, () => {
      expect(message(line(`{"body":${json}}`)).body).toBe(body)
    })
  }

  test("gets an id and, but for text and bytes, the content type of JSON", () => {
    expect(message(line({ body: 1 }))).toMatchObject({
      id: "made-up",
      contentType: "application/json",
    })
    expect(message(line({ body: "1" })).contentType).toBeUndefined()
    expect(message(line({ bodyBase64: "" })).contentType).toBeUndefined()
  })

  test("may begin with a byte order mark", () => {
    expect(message(line('\ufeff{"body":[]}')).body).toBe("[]")
  })

  const refused: readonly (readonly [what: string, line: unknown, code: string])[] = [
    ["is not JSON", "{", "invalid_line"],
    ["is not an object", "[]", "invalid_line"],
    ["is null", "null", "invalid_line"],
    ["has no body", {}, "invalid_line"],
    ["has two bodies", { body: 1, bodyBase64: "" }, "invalid_line"],
    ["has an unknown member", { body: 1, Key: "k" }, "invalid_line"],
    ["has a member named as every object has one", '{"body":1,"__proto__":{}}', "invalid_line"],
    ["has a key that is no string", { body: 1, key: 7 }, "invalid_line"],
    ["has half a surrogate pair", '{"body":"\\ud83d"}', "invalid_line"],
    ["has bytes that are not base64", { bodyBase64: "A" }, "invalid_line"],
    ["has an empty id", { body: 1, id: "" }, "invalid_line"],
    ["has an id too long", { body: 1, id: "€".repeat(86) }, "invalid_line"],
    ["has headers that are no object", { body: 1, headers: [] }, "invalid_line"],
    ["has a header that is no string", { body: 1, headers: { a: 1 } }, "invalid_line"],
    [
      "has a header of PartyMQ's own",
      { body: 1, headers: { "X-PartyMQ-a": "" } },
      "reserved_header",
    ],
    ["has an instruction to the broker", { body: 1, headers: { CC: "q" } }, "reserved_header"],
    ["has a header without a name", { body: 1, headers: { "": "" } }, "invalid_header"],
    [
      "has a header's name too long",
      { body: 1, headers: { ["h".repeat(256)]: "" } },
      "invalid_header",
    ],
    ["has an empty key", { body: 1, key: "" }, "invalid_partition_key"],
    ["has a key too long", { body: 1, key: "k".repeat(4097) }, "invalid_partition_key"],
    [
      "has too much in headers",
      { body: 1, headers: { a: "x".repeat(140_000) } },
      "headers_too_large",
    ],
  ]
  for (const [what, value, code] of refused) {
    test(`that ${what} is refused: ${code}`, () =>
      expect(refusal(line(value)).code).toBe(code as never))
  }

  test("that is refused still says its id and key", () => {
    expect(refusal(line({ id: "m", key: "k", body: 1, more: 1 }))).toMatchObject({
      id: "m",
      key: "k",
    })
  })

  test("that is not UTF-8 is refused", () => {
    const read = ndjsonMessage(Uint8Array.of(...bytes('{"body":"'), 0xff, ...bytes('"}')), () => "")
    expect(refusal(read).code).toBe("invalid_line")
  })
})

describe("an event", () => {
  test("has its attributes as headers, its id as the message's and its partition key as key", () => {
    const read = message(event({ partitionkey: "k", subject: "ü", seq: 3, live: true, gone: null }))
    expect(read).toMatchObject({ id: "e", key: "k", body: "", contentType: undefined })
    const headers = ["id", "source", "partitionkey", "subject", "seq", "live"]
    expect(headers.map((name) => read.header(`ce-${name}`))).toEqual([
      "e",
      "/s",
      "k",
      "ü",
      "3",
      "true",
    ])
    expect(read.header("ce-gone")).toBeUndefined()
    expect(read.header("x-partymq-key")).toBe("k")
  })

  test("has nothing of what is null", () => {
    const read = message(event({ partitionkey: null, datacontenttype: null, data: "text" }))
    expect(read).toMatchObject({ key: undefined, body: '"text"', contentType: "application/json" })
    expect(read.header("ce-partitionkey")).toBeUndefined()
  })

  test("has an attribute's integer as it was sent, or is refused", () => {
    const least = '"specversion":"1.0","id":"e","source":"/s","type":"t"'
    const read = (seq: string) => cloudEvent(bytes(`{${least},"seq":${seq}}`), () => "made-up")
    expect(message(read("9007199254740991")).header("ce-seq")).toBe("9007199254740991")
    expect(refusal(read("9007199254740993")).code).toBe("invalid_line")
  })

  const bodies: readonly (readonly [
    more: object,
    body: string,
    contentType: string | undefined,
  ])[] = [
    [{ data: { a: 1 } }, '{"a":1}', "application/json"],
    [{ data: "text" }, '"text"', "application/json"],
    [{ data: "text", datacontenttype: "text/plain" }, "text", "text/plain"],
    [
      { data: "text", datacontenttype: "application/x+json; v=1" },
      '"text"',
      "application/x+json; v=1",
    ],
    [{ data: [1], datacontenttype: "text/plain" }, "[1]", "text/plain"],
    [{ data_base64: "aGk=" }, "hi", undefined],
  ]
  for (const [more, body, contentType] of bodies) {
    test(`with ${JSON.stringify(more)} has the body ${body}`, () => {
      expect(message(event(more))).toMatchObject({ body, contentType })
    })
  }

  const refused: readonly (readonly [what: string, more: object])[] = [
    ["without a source", { source: undefined }],
    ["without a type", { type: "" }],
    ["of another version", { specversion: "0.3" }],
    ["with data twice", { data: 1, data_base64: "" }],
    ["with an attribute's name that cannot be one", { traceParent: "x" }],
    ["with an attribute that is an object", { extension: {} }],
    ["with an attribute that is a fraction", { extension: 1.5 }],
    ["with a partition key that is no string", { partitionkey: 7 }],
  ]
  for (const [what, more] of refused) {
    test(`${what} is refused`, () => expect(refusal(event(more)).code).toBe("invalid_line"))
  }
})
