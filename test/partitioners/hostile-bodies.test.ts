import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import jsonpath from "../../partitioners/jsonpath.ts"
import { messageView } from "../../src/core/message-view.ts"
import { groupRoute, route, type TopicRoute } from "../../src/core/route.ts"
import { firstKey } from "../../src/plugin/first-key.ts"
import { rawList } from "../wire/property-list.ts"

const encoder = new TextEncoder()
const million = 1_000_000
const deep = (levels: number, inside: string) => "[".repeat(levels) + inside + "]".repeat(levels)

/** Bodies that a producer may send, and the key or the reason that each path makes of them. */
const bodies: readonly (readonly [what: string, body: string, direct: string, anywhere: string])[] =
  [
    ["NaN", '{"id":NaN}', "invalid_json", "invalid_json"],
    ["infinity", '{"id":Infinity}', "invalid_json", "invalid_json"],
    ["a number that a double makes infinite", '{"id":1e999}', "invalid_key", "invalid_key"],
    ["a key twice: the last counts", '{"id":"a","id":"b"}', "b", "b"],
    ["comments", '{"id":"a"/* */}', "invalid_json", "invalid_json"],
    ["a trailing comma", '{"id":"a",}', "invalid_json", "invalid_json"],
    ["a byte order mark before it", '\ufeff{"id":"a"}', "a", "a"],
    ["an escaped key", '{"\\u0069d":"a"}', "a", "a"],
    ["half a surrogate pair", '{"id":"\\ud800"}', "\ufffd", "\ufffd"],
    ["a zero character", '{"id":"\\u0000"}', "\0", "\0"],
    ["a field of __proto__", '{"__proto__":{"id":"a"}}', "missing_key", "a"],
    ["null", "null", "missing_key", "missing_key"],
    ["a text", '"id"', "missing_key", "missing_key"],
    ["a key that is null", '{"id":null}', "missing_key", "missing_key"],
    ["a key that is empty", '{"id":""}', "missing_key", "missing_key"],
    ["a key that is a table", '{"id":{}}', "invalid_key", "invalid_key"],
    ["a key over the limit", `{"id":"${"k".repeat(4_097)}"}`, "invalid_key", "invalid_key"],
    [
      "an integer of a thousand digits",
      `{"id":${"9".repeat(1_000)}}`,
      "9".repeat(1_000),
      "9".repeat(1_000),
    ],
    ["a million open brackets", "[".repeat(million), "invalid_json", "invalid_json"],
    [
      "100,000 fields",
      `{"id":"a",${Array.from({ length: 100_000 }, (_, n) => `"${n}":0`)}}`,
      "a",
      "a",
    ],
    ["20 MB of text", `{"id":"a","t":"${"x".repeat(20_000_000)}"}`, "a", "a"],
  ]

const routeOf = (path: string): TopicRoute => ({
  topic: "t",
  extractKey: firstKey([jsonpath.create(v.parse(jsonpath.options!, { path }))]),
  onMissingKey: "dead-letter",
  groups: [groupRoute({ group: "g", generation: 1, partition: () => 0, queues: ["q"] })],
})

/** The key's text, or why there is none. */
function decided(topic: TopicRoute, body: string): string {
  const view = messageView(rawList({}), encoder.encode(body))
  const decision = route(topic, view, undefined, () => 0)
  if (decision.kind === "rejected") return decision.reason
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(decision.key)
}

describe("a key in a body with", () => {
  const direct = routeOf("$.id")
  const anywhere = routeOf("$..id")
  for (const [what, body, key, keyAnywhere] of bodies) {
    test(`${what} is a key or a reason, and nothing is thrown`, () => {
      expect([decided(direct, body), decided(anywhere, body)]).toEqual([key, keyAnywhere])
    })
  }

  // How deep a runtime can go is its own affair; that it lives is ours.
  for (const [what, inside] of [
    ["values", '{"id":"a"}'],
    ["long digits", '{"id":"a","n":12345678901234567890}'],
  ] as const) {
    test(`${what} below any number of brackets is found or refused, and nothing is thrown`, () => {
      for (const levels of [10, 1_000, 5_000, 20_000, 100_000, million]) {
        const body = deep(levels, inside)
        expect(["missing_key", "invalid_json"]).toContain(decided(direct, body))
        expect(["a", "invalid_json", "plugin_error"]).toContain(decided(anywhere, body))
      }
    })
  }
})
