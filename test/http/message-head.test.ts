import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/core/bounds.ts"
import { messageView } from "../../src/core/message-view.ts"
import { headerFields } from "../../src/http/header-fields.ts"
import { type MessageHead, messageHead } from "../../src/http/message-head.ts"
import { locateProperty } from "../../src/wire/properties.ts"

const newId = () => "made-up"

/** Header values as they come off the wire: one UTF-16 unit per byte of UTF-8. */
const received = (fields: Record<string, string>): Headers => {
  const asBytes = (text: string) => Buffer.from(text, "utf8").toString("latin1")
  return new Headers(Object.entries(fields).map(([name, value]) => [name, asBytes(value)]))
}

function head(headers: Headers): MessageHead {
  const result = messageHead(headerFields(headers), newId)
  if (result.kind !== "head") throw new Error(`refused: ${result.problem.detail}`)
  return result
}

function refusal(headers: Headers): readonly [code: string, detail: string] {
  const result = messageHead(headerFields(headers), newId)
  if (result.kind === "head") throw new Error("not refused")
  return [result.problem.code, result.problem.detail]
}

const view = (headers: Headers) => messageView(head(headers).properties, new Uint8Array(0))

describe("carried headers", () => {
  test("x-*, ce-*, traceparent, tracestate and baggage are carried, lower case", () => {
    const message = view(
      received({
        "X-Customer": "c1",
        "Ce-PartitionKey": "p1",
        traceparent: "00-ab-cd-01",
        TraceState: "a=b",
        Baggage: "k=v",
        "X-Forwarded-For": "10.0.0.1",
      }),
    )
    expect(message.header("x-customer")).toBe("c1")
    expect(message.header("ce-partitionkey")).toBe("p1")
    expect(message.header("traceparent")).toBe("00-ab-cd-01")
    expect(message.header("tracestate")).toBe("a=b")
    expect(message.header("baggage")).toBe("k=v")
    expect(message.header("x-forwarded-for")).toBe("10.0.0.1")
    expect(
      Buffer.from(head(received({ "X-Customer": "c" })).properties).includes("x-customer"),
    ).toBe(true)
  })

  test("the same headers are the same bytes, in whichever order they come", () => {
    const names = ["x-b", "traceparent", "x-dns-prefetch-control", "ce-id", "x-a", "x-partymq-key"]
    const sent = names.slice(0, -1).map((name) => [name, "v"] as const)
    const first = head(received({ ...Object.fromEntries(sent), "partition-key": "k" }))
    const last = head(received({ "partition-key": "k", ...Object.fromEntries(sent.reverse()) }))
    const bytes = Buffer.from(first.properties)
    expect(Buffer.from(last.properties)).toEqual(bytes)
    const sorted = [...names.slice(0, -1).sort(), "x-partymq-key"]
    const places = sorted.map((name) => bytes.indexOf(name))
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  test("nothing else is carried, credentials least of all", () => {
    const { properties } = head(
      received({
        Authorization: "Bearer s3cr3t",
        Cookie: "s3cr3t",
        "Proxy-Authorization": "s3cr3t",
        Host: "s3cr3t",
        "User-Agent": "s3cr3t",
        Connection: "s3cr3t",
        CC: "s3cr3t",
        BCC: "s3cr3t",
        "Content-Length": "5",
      }),
    )
    expect(Buffer.from(properties).includes("s3cr3t")).toBe(false)
    expect(locateProperty(properties, "headers")).toBeUndefined()
  })

  test("a value in UTF-8 keeps its bytes, and is the key those bytes are", () => {
    const message = view(received({ "x-key": "Zoë 🙂" }))
    expect(message.header("x-key")).toBe("Zoë 🙂")
    expect(message.headerKey("x-key")).toEqual(new TextEncoder().encode("Zoë 🙂"))
  })

  test("an empty value is carried as an empty string", () => {
    expect(view(received({ "x-empty": "" })).header("x-empty")).toBe("")
  })

  test("a name sent twice is one value, joined", () => {
    const headers = new Headers([
      ["x-a", "1"],
      ["X-A", "2"],
    ])
    expect(view(headers).header("x-a")).toBe("1, 2")
  })

  test("x-partymq-* is refused whatever its case", () => {
    expect(refusal(received({ "X-PartyMQ-Reason": "forged" }))).toEqual([
      "reserved_header",
      expect.stringContaining('"x-partymq-reason"'),
    ])
  })

  test("a value that is not UTF-8 is refused and named", () => {
    expect(refusal(new Headers({ "x-name": "\xe9" }))).toEqual([
      "invalid_header",
      expect.stringContaining('"x-name"'),
    ])
  })

  test("a name fits up to 255 bytes", () => {
    const longest = `x-${"n".repeat(253)}`
    expect(view(received({ [longest]: "v" })).header(longest)).toBe("v")
    expect(refusal(received({ [`${longest}n`]: "v" }))[0]).toBe("invalid_header")
  })

  test("a table that does not fit a frame is refused, and one byte less is not", () => {
    const room = bounds.frameBytesMax - 20 - head(received({ "x-a": "" })).properties.length
    const fits = head(received({ "x-a": "v".repeat(room) })).properties
    expect(fits.length + 20).toBe(bounds.frameBytesMax)
    expect(refusal(received({ "x-a": "v".repeat(room + 1) }))[0]).toBe("headers_too_large")
  })
})

describe("properties", () => {
  test("Content-Type, Content-Encoding and Message-Id become properties", () => {
    const headers = received({
      "Content-Type": "application/json; charset=utf-8",
      "Content-Encoding": "gzip",
      "Message-Id": "m-é",
    })
    expect(view(headers).properties).toEqual({
      contentType: "application/json; charset=utf-8",
      contentEncoding: "gzip",
      messageId: "m-é",
    })
    expect(head(headers).id).toBe("m-é")
  })

  test("what is absent or empty is no property, and the id is made", () => {
    const headers = received({ "Content-Type": "", "Message-Id": "" })
    expect(view(headers).properties).toEqual({ messageId: "made-up" })
    expect(head(headers).id).toBe("made-up")
  })

  test("every message is persistent", () => {
    const { properties } = head(received({ "x-a": "1" }))
    const span = locateProperty(properties, "deliveryMode")!
    expect([...properties.subarray(span.start, span.end)]).toEqual([2])
  })

  test("255 bytes fit, one more is refused and named, counted in bytes", () => {
    for (const name of ["content-type", "content-encoding", "message-id"]) {
      expect(head(received({ [name]: "a".repeat(255) })).kind).toBe("head")
      for (const tooLong of ["a".repeat(256), "é".repeat(128)]) {
        expect(refusal(received({ [name]: tooLong }))).toEqual([
          "invalid_header",
          expect.stringContaining(`"${name}" is 256 bytes`),
        ])
      }
    }
  })

  test("a property that is not UTF-8 is refused and named", () => {
    expect(refusal(new Headers({ "message-id": "\xff" }))).toEqual([
      "invalid_header",
      expect.stringContaining('"message-id"'),
    ])
  })
})

describe("Partition-Key", () => {
  test("its UTF-8 bytes are the key", () => {
    const { key } = head(received({ "Partition-Key": "Zoë 🙂" }))
    expect(Buffer.from(key!)).toEqual(Buffer.from("Zoë 🙂", "utf8"))
  })

  test("without it there is no key, and no header that says one", () => {
    expect("key" in head(received({ "x-a": "1" }))).toBe(false)
    expect(view(received({ "x-a": "1" })).header("x-partymq-key")).toBeUndefined()
  })

  test("consumers find it in x-partymq-key", () => {
    const carried = view(received({ "Partition-Key": "Zoë" }))
    expect(carried.header("x-partymq-key")).toBe("Zoë")
    expect(carried.header("partition-key")).toBeUndefined()
  })

  test("empty, too long or not UTF-8 is refused", () => {
    const longest = "k".repeat(bounds.keyBytesMax)
    expect(head(received({ "Partition-Key": longest })).key).toHaveLength(bounds.keyBytesMax)
    for (const value of ["", `${longest}k`, "\xe9"]) {
      expect(refusal(new Headers({ "Partition-Key": value }))[0]).toBe("invalid_partition_key")
    }
  })
})
