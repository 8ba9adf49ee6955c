import { describe, expect, test } from "bun:test"
import header from "../../partitioners/header.ts"
import { exampleMessage, keyExtractorChecks, runChecks } from "../../src/conformance/index.ts"
import { InvalidKey } from "../../src/core/key.ts"

const refusedOptions = [{}, { name: "" }, { name: [] }, { name: 7 }, { name: "a", nmae: "b" }]

describe("header keeps what it promises", () => {
  const found = [
    { message: { headers: { partitionKey: "a" } }, key: "a" },
    { message: { headers: { PARTITIONKEY: 42 } }, key: "42" },
    { message: { headers: { partitionkey: 9007199254740993n } }, key: "9007199254740993" },
    { message: { headers: { partitionKey: Uint8Array.of(255) } }, key: Uint8Array.of(255) },
  ]
  const missing = [{}, { headers: { partitionKey: null } }, { headers: { partitionKey: "" } }]
  const options = { name: "partitionKey" }
  runChecks(test, keyExtractorChecks(header, { options, refusedOptions, found, missing }))
})

describe("header with several names keeps what it promises", () => {
  const found = [
    { message: { headers: { SessionId: "s", "ce-partitionkey": "c" } }, key: "c" },
    { message: { headers: { sessionid: "s" } }, key: "s" },
  ]
  const options = { name: ["ce-partitionkey", "SessionId"] }
  runChecks(test, keyExtractorChecks(header, { options, found, missing: [{}] }))
})

test("a table or an array is an invalid key, not a missing one", () => {
  const extract = header.create({ name: "k" })
  for (const k of [{ a: 1 }, [1]]) {
    expect(() => extract(exampleMessage({ headers: { k } }))).toThrow(InvalidKey)
  }
})
