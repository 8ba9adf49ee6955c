import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import jsonpath from "../../partitioners/jsonpath.ts"
import { exampleMessage, keyExtractorChecks, runChecks } from "../../src/conformance/index.ts"
import { InvalidKey } from "../../src/core/key.ts"
import { InvalidJson } from "../../src/core/message.ts"

/** The key as text, or `undefined`. */
function keyAt(path: string, body: unknown): string | undefined {
  const extract = jsonpath.create(v.parse(jsonpath.options!, { path }))
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const key = extract(exampleMessage({ body: text }))
  return key === undefined ? undefined : Buffer.from(key as Uint8Array).toString()
}

const refusedOptions = [{}, { path: "" }, { path: 1 }, { path: "$.a", eval: true }]

describe("jsonpath with a definite path keeps what it promises", () => {
  const found = [
    { message: { body: '{"customer":{"id":7}}' }, key: 7 },
    { message: { body: '{"customer":{"id":12345678901234567890}}' }, key: 12345678901234567890n },
    { message: { body: '{"customer":{"id":false}}' }, key: false },
  ]
  const missing = ["{}", '{"customer":null}', '{"customer":{"id":null}}', '{"customer":{"id":""}}']
  runChecks(
    test,
    keyExtractorChecks(jsonpath, {
      options: { path: "$.customer.id" },
      refusedOptions,
      found,
      missing: missing.map((body) => ({ body })),
    }),
  )
})

describe("jsonpath with any other path keeps what it promises", () => {
  const found = [
    { message: { body: '{"items":[{"sku":null},{"sku":"b"},{"sku":"c"}]}' }, key: "b" },
  ]
  const missing = [{ body: "{}" }, { body: '{"items":[]}' }, { body: '{"items":[{"sku":null}]}' }]
  const options = { path: "$..sku" }
  runChecks(test, keyExtractorChecks(jsonpath, { options, found, missing }))
})

test("definite paths: dots, brackets, quotes, escapes, indexes", () => {
  const body = {
    a: { "b c": [{ d: "deep" }], "it's": "quote", "x.y": "dotted", é: "accent" },
    "": "e",
  }
  expect(keyAt("$.a['b c'][0].d", body)).toBe("deep")
  expect(keyAt(`$["a"]["b c"][ 0 ]["d"]`, body)).toBe("deep")
  expect(keyAt(`$.a['it\\'s']`, body)).toBe("quote")
  expect(keyAt(`$.a["it's"]`, body)).toBe("quote")
  expect(keyAt("$.a['x.y']", body)).toBe("dotted")
  expect(keyAt("$.a['\\u00e9']", body)).toBe("accent")
  expect(keyAt("$.a.é", body)).toBe("accent")
  expect(keyAt("$['']", body)).toBe("e")
  expect(keyAt("$", '"the whole body"')).toBe("the whole body")
  expect(keyAt("$[1]", "[1,2]")).toBe("2")
  expect(keyAt("$['(b)@x()']", { "(b)@x()": "odd" })).toBe("odd")
})

test("own properties only: nothing comes from a prototype, an array or a text", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    expect(keyAt(`$.${name}`, "{}")).toBeUndefined()
    expect(keyAt(`$.a.${name}.name`, '{"a":{}}')).toBeUndefined()
    expect(keyAt(`$..${name}`, '{"a":{}}')).toBeUndefined()
  }
  expect(keyAt("$.__proto__", '{"__proto__":"mine"}')).toBe("mine")
  for (const path of ["$.a.length", "$..length", "$.a[9]", "$.a['0']", "$.t[0]", "$.*[0][0]"]) {
    expect([path, keyAt(path, '{"a":["x"],"t":"text"}')]).toEqual([path, undefined])
  }
})

test("other paths: the first match in document order that is not null", () => {
  const body = { o: { "a b": 1, z: [null, "first", "second"] }, p: { id: "p" }, q: [{ id: "q" }] }
  expect(keyAt("$..id", body)).toBe("p")
  expect(keyAt("$.*.id", body)).toBe("p")
  expect(keyAt("$.q[*].id", body)).toBe("q")
  expect(keyAt("$.o.z[1:]", body)).toBe("first")
  expect(keyAt("$.o.z[-1]", body)).toBe("second")
  expect(keyAt("$.o.z[-2]", body)).toBe("first")
  expect(keyAt("$.o.z[0,2]", body)).toBe("second")
  expect(keyAt("$.o['none','z'][1]", body)).toBe("first")
  expect(keyAt("$..['a b']", body)).toBe("1")
  expect(keyAt("$.*['a b']", body)).toBe("1")
  expect(keyAt("$..id", '"text"')).toBeUndefined()
})

test("names that the library reads as operators are names", () => {
  for (const name of [
    "*",
    "..",
    "^",
    "~",
    "$",
    "0:1",
    "a,b",
    "x.y",
    "`n",
    "#0",
    "it's",
    "back\\slash",
    "]",
  ]) {
    const quoted = `'${name.replace(/['\\]/g, "\\$&")}'`
    expect([name, keyAt(`$.*[${quoted}]`, { wrap: { other: "wrong", [name]: "right" } })]).toEqual([
      name,
      "right",
    ])
  }
})

test("an object or an array is an invalid key, and the path is named", () => {
  expect(() => keyAt("$.a", { a: {} })).toThrow(InvalidKey)
  expect(() => keyAt("$.a", { a: [1] })).toThrow(/^\$\.a: the key is an array/)
  expect(() => keyAt("$.a", "{")).toThrow(InvalidJson)
})

test("what is not a path, or must be evaluated, is refused with place and reason", () => {
  const refused: [string, RegExp][] = [
    ["", /at character 1: a path starts with "\$"/],
    ["customer.id", /a path starts with "\$"/],
    ["$.", /at character 3: a name must follow/],
    ["$..", /a name must follow/],
    ["$a", /"\." or "\[" must follow/],
    ["$.a b", /at character 4: "\." or "\[" must follow/],
    ["$[", /must be here/],
    ["$[01]", /must be here/],
    ["$['a'", /"\]" or "," is missing/],
    ["$['a]", /must be here/],
    ["$['\\x']", /an escape that JSON does not know/],
    ["$[?(@.a>1)]", /filter and script expressions are not supported/],
    ["$[?@.a]", /filter and script expressions are not supported/],
    ["$.a[(@.length-1)]", /filter and script expressions are not supported/],
    ["$.a^", /must follow/],
    ["$.a~", /must follow/],
    ["$.a@string()", /must follow/],
    ["$.*['a(b)']", /only a definite path/],
    ["$['a',0]", /a union must be/],
  ]
  for (const [path, reason] of refused) {
    const parsed = v.safeParse(jsonpath.options!, { path })
    expect([path, parsed.success, parsed.issues?.[0]?.message]).toEqual([
      path,
      false,
      expect.stringMatching(reason),
    ])
  }
})
