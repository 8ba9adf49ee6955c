import { expect, test } from "bun:test"
import { redact } from "../../src/config/redact.ts"
import { redactText } from "../../src/config/redact-text.ts"

const cases: [text: string, redacted: string][] = [
  ["amqp://user:hush@host:5672/vhost", "amqp://user:***@host:5672/vhost"],
  ["AMQPS://user:hush@host", "AMQPS://user:***@host"],
  ["http://hush@host/", "http://***@host/"],
  ["see amqp://u:hu@sh@host, then", "see amqp://u:***@host, then"],
  ["amqp://u:hu/s?h#@host", "amqp://u:***@host"],
  ["amqp://u:hu:sh@host", "amqp://u:***@host"],
  ["amqp://:hush@host", "amqp://***@host"],
  ['"amqp://u:hush@host"', '"amqp://u:***@host"'],
  ["Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"],
  ["basic dXNlcjpodXNo", "basic ***"],
  ["password=hush&a=b", "password=***&a=b"],
  ['{"password": "hu sh"}', '{"password": ***}'],
  ["api-key: hush", "api-key: ***"],
]
for (const [text, redacted] of cases) {
  test(`${text} becomes ${redacted}`, () => {
    expect(redactText(text)).toBe(redacted)
  })
}

test("texts without a secret stay as they are", () => {
  for (const text of [
    "",
    "amqp://host:5672/%2F",
    "a@b.c",
    "key orders-1 in partition 3",
    "a://b c@d",
  ]) {
    expect(redactText(text)).toBe(text)
  }
})

test("a long text that looks like many URLs costs time in proportion to its length", () => {
  const startedMs = performance.now()
  redactText("a://".repeat(50_000))
  redactText("password".repeat(50_000))
  expect(performance.now() - startedMs).toBeLessThan(2_000)
})

test("fields that are named like secrets are hidden, and files that hold them are not", () => {
  const value = {
    password: "a",
    nested: [{ apiKey: 1, clientSecret: { a: 1 }, tokenFile: "/run/t", key: "k" }],
    url: "http://u:p@h",
  }
  expect(redact(value)).toEqual({
    password: "***",
    nested: [{ apiKey: "***", clientSecret: "***", tokenFile: "/run/t", key: "k" }],
    url: "http://u:***@h",
  })
})

test("instances of classes are shown by their class's name only", () => {
  class Session {
    readonly self = this
    readonly pass = "hush"
  }
  expect(redact({ option: new Session() })).toEqual({ option: "[Session]" })
})
