import { describe, expect, test } from "bun:test"
import { jsonMember } from "../../../src/http/batch/json-member.ts"
import { seeded } from "../../support/seed.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function member(json: string, name = "body"): string | undefined {
  JSON.parse(json)
  const found = jsonMember(encoder.encode(json), name)
  return found && decoder.decode(found)
}

describe("the bytes of a member", () => {
  const cases: readonly (readonly [what: string, json: string, found: string | undefined])[] = [
    ["of a number nobody can hold", '{"body":12345678901234567890.10}', "12345678901234567890.10"],
    ["between blanks", ' {\t"a" : [1] , "body" :\n{ "b" : 1 } }', '{ "b" : 1 }'],
    [
      "with brackets in strings",
      '{"a":"}]\\"","body":["]}{",{"c":"\\\\"}]}',
      '["]}{",{"c":"\\\\"}]',
    ],
    ["whose name is escaped", '{"\\u0062ody":true}', "true"],
    ["that comes twice: the last", '{"body":1,"body":null}', "null"],
    ["that is only there deeper", '{"a":{"body":1}}', undefined],
    ["whose name is a value", '{"a":"body","b":1}', undefined],
    ["of an empty object", "{}", undefined],
    ["behind a longer name", '{"bodyBase64":"AA==","body":false}', "false"],
  ]
  for (const [what, json, found] of cases) {
    test(what, () => expect(member(json)).toBe(found))
  }

  test(
    "are what JSON.parse makes of it, whatever else is there",
    seeded((random) => {
      const any = (depth: number): unknown =>
        random.pick([
          () => random.pick([null, true, -1.5e-7, "", 'é\\"}]', "body"]),
          () => (depth > 3 ? 0 : Array.from({ length: random.integer(4) }, () => any(depth + 1))),
          () => (depth > 3 ? 0 : object(depth + 1)),
        ])()
      const object = (depth: number): object =>
        Object.fromEntries(
          Array.from({ length: random.integer(5) }, () => [
            random.pick(["a", "body", 'bo"dy', "\\", "é"]),
            any(depth),
          ]),
        )
      for (let round = 0; round < 3_000; round++) {
        const value = object(0) as { body?: unknown }
        const found = member(JSON.stringify(value, null, random.integer(3)))
        expect(found === undefined ? undefined : JSON.parse(found)).toEqual(value.body)
      }
    }),
  )
})
