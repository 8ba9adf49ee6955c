import { describe, expect, test } from "bun:test"
import { KeyReading } from "../../src/client/key-reading.ts"
import { keyReader } from "../../src/client/message-keys.ts"
import type { KeyRule } from "../../src/core/key-rule.ts"
import { messageView } from "../../src/core/message-view.ts"
import { encodeProperties } from "../../src/wire/properties.ts"

const view = (headers: Record<string, string>, body = "") =>
  messageView(encodeProperties({ headers: Object.entries(headers) }), Buffer.from(body))

const rule = (
  extractors: KeyRule["extractors"],
  onMissingKey: KeyRule["onMissingKey"] = "dead-letter",
): KeyRule => ({ extractors, onMissingKey })

const header = { use: "header", name: "k" }
const path = { use: "jsonpath", path: "$.id" }
const alone = { key: undefined, keys: "alone" } as const
const only = (key: string) => ({ key: new Uint8Array(Buffer.from(key)), keys: [key] })

describe("the key of a message", () => {
  test("is what the topic's built-in extractors find, in their order", async () => {
    const read = await keyReader(rule([header, path]), undefined)
    expect(read(view({ k: "a" }, '{"id":"b"}'))).toEqual(only("a"))
    expect(read(view({}, '{"id":42}'))).toEqual(only("42"))
  })

  test("is what the producer set outright, and holds up as well what the extractors would find", async () => {
    const read = await keyReader(rule([header]), undefined)
    expect(read(view({ "x-partymq-key": "given" }))).toEqual(only("given"))
    const both = read(view({ "x-partymq-key": "given", k: "a" }))
    expect(both.keys).toEqual(["given", "a"])
  })

  test("is the fixed one where there is none, or none at all for messages that are spread", async () => {
    const fixed = await keyReader(rule([header], { key: "all" }), undefined)
    expect(fixed(view({}))).toEqual(only("all"))
    const spread = await keyReader(rule([header], "spread"), undefined)
    expect(spread(view({}))).toEqual({ key: undefined, keys: [] })
  })

  test("cannot be told where PartyMQ says nothing, or has an extractor that is not here", async () => {
    for (const unknown of [undefined, rule([{ use: "./mine.ts" }]), rule([{ use: "header" }])]) {
      const read = await keyReader(unknown, undefined)
      expect(read(view({ k: "a" }))).toEqual(alone)
      expect(read(view({ k: "a", "x-partymq-key": "b" }))).toEqual(alone)
    }
    const later = await keyReader(rule([header, { use: "./mine.ts" }]), undefined)
    expect([later(view({ k: "a" })), later(view({}))]).toEqual([only("a"), alone])
  })

  test("cannot be told of a message that PartyMQ would have rejected", async () => {
    const read = await keyReader(rule([path]), undefined)
    for (const body of ["no JSON", '{"id":{}}', "{}", `{"id":"${"x".repeat(5_000)}"}`]) {
      expect(read(view({}, body))).toEqual(alone)
    }
  })

  test("is what the consumer's own extractor says; without an answer it cannot be told", async () => {
    const own = await keyReader(rule([{ use: "./mine.ts" }]), (message) => {
      if (message.header("k") === "bad") throw new Error("bad")
      return message.headerKey("k")
    })
    expect([own(view({ k: "a" })), own(view({})), own(view({ k: "bad" }))]).toEqual([
      only("a"),
      alone,
      alone,
    ])
  })
})

test("the first message after a change of the rule runs alone, others by the new rule", async () => {
  const keys = new KeyReading(undefined)
  await keys.learn(rule([header]))
  const read = keys.reader()
  const message = view({ k: "a", other: "b" })
  expect(read(message)).toEqual(only("a"))
  await keys.learn(rule([header]))
  expect(read(message)).toEqual(only("a"))
  await keys.learn(rule([{ use: "header", name: "other" }]))
  expect(read(message)).toMatchObject({ keys: "alone" })
  expect(read(message)).toEqual(only("b"))
})
