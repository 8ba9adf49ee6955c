import { describe, expect, test } from "bun:test"
import { inspect } from "node:util"
import { logViolations } from "./log-violations.ts"

const password = "4f1c0ffee"

describe("a line of the log", () => {
  test("may tell of a lost connection", () => {
    const line = '{"level":"warn","reason":"the broker fell silent","msg":"connection lost"}'
    expect(logViolations(line, password)).toEqual([])
  })

  for (const [what, line] of [
    ["the password", `{"url":"amqp://chaos:${password}@127.0.0.1"}`],
    ["an object of the client's", "AMQPError { connection: AMQPClient {"],
    ["bytes", inspect(Buffer.from("secret"))],
    ["bytes as JSON", JSON.stringify({ body: [...new Uint8Array(64)] })],
    ["an uncaught error", '{"level":"error","msg":"a promise was rejected and nobody noticed"}'],
  ] as const) {
    test(`must not hold ${what}, and its own words are not repeated`, () => {
      const found = logViolations(line, password)
      expect(found).toHaveLength(1)
      expect(found[0]).not.toContain(password)
    })
  }
})
