import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { parseConfig } from "../src/config/parse-config.ts"
import { configSecrets } from "../src/log/config-secrets.ts"
import { createLog, type Log } from "../src/log.ts"
import { seed } from "./support/seed.ts"

const secret = "correct-horse-Battery7"

/** What a log writes while `use` works with it. */
function logged(use: (log: Log) => void, options: object = {}): string {
  let text = ""
  const stream = { write: (line: string) => (text += line) }
  use(createLog({ level: "trace" as "debug", isPretty: false, stream, ...options }))
  return text
}

const line = (use: (log: Log) => void, options?: object) => JSON.parse(logged(use, options))

describe("what is written", () => {
  test("is one JSON document a line with level, time and message", () => {
    const text = logged((log) => {
      log.info({ queue: "q" }, "declared %d of %s", 3, "it")
      log.warn("only text")
    })
    const [first, second] = text
      .trimEnd()
      .split("\n")
      .map((each) => JSON.parse(each))
    expect(first).toMatchObject({ level: "info", queue: "q", msg: "declared 3 of it" })
    expect(Date.parse(first.time)).toBeGreaterThan(0)
    expect(second).toMatchObject({ level: "warn", msg: "only text" })
  })

  test("begins at the configured level", () => {
    const text = logged(
      (log) => {
        log.info("quiet")
        log.error("loud")
      },
      { level: "warn" },
    )
    expect(text).not.toContain("quiet")
    expect(text).toContain("loud")
  })

  test("is readable text when that is asked for", () => {
    const text = logged((log) => log.info({ queue: "q" }, "declared"), { isPretty: true })
    expect(text).toContain("INFO")
    expect(text).toContain("declared")
    expect(() => JSON.parse(text)).toThrow()
  })

  test("of an error is name, message, code, stack and causes, and nothing else", () => {
    const error = Object.assign(new TypeError("broken", { cause: new Error("first") }), {
      code: "E_BROKEN",
      connection: { host: "h" },
    })
    const { err, msg } = line((log) => log.error(error))
    expect(msg).toBe("broken")
    expect(err).toMatchObject({ name: "TypeError", message: "broken", code: "E_BROKEN" })
    expect(err.stack).toContain("log.test.ts")
    expect(err.cause).toMatchObject({ name: "Error", message: "first" })
    expect(err).not.toHaveProperty("connection")
  })

  test("of bytes is their number", () => {
    const bytes = { a: Buffer.from(secret), b: new Uint8Array(3), c: new ArrayBuffer(4) }
    const fields = line((log) => log.info(bytes, "x"))
    expect(fields).toMatchObject({ a: "<22 bytes>", b: "<3 bytes>", c: "<4 bytes>" })
  })

  test("of other instances is the name of their class", () => {
    class Connection {
      readonly password = secret
    }
    const fields = line((log) => log.info({ connection: new Connection(), map: new Map() }))
    expect(fields).toMatchObject({ connection: "[Connection]", map: "[Map]" })
  })
})

describe("what cannot be logged as it is", () => {
  test("cycles end", () => {
    const cyclic: { [name: string]: unknown } = { list: [] }
    cyclic["self"] = cyclic
    ;(cyclic["list"] as unknown[]).push(cyclic)
    expect(line((log) => log.info(cyclic, "x"))).toMatchObject({
      self: "[cycle]",
      list: ["[cycle]"],
    })
  })

  test("an error that causes itself ends", () => {
    const error = new Error("round")
    error.cause = error
    expect(logged((log) => log.error(error)).length).toBeLessThan(20_000)
  })

  test("depth, width and length are cut", () => {
    let deep: object = { bottom: 1 }
    for (let level = 0; level < 50; level++) deep = { deep }
    const wide = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`f${index}`, index]),
    )
    const value = { deep, wide, long: "x".repeat(1_000_000), list: new Array(1_000).fill(0) }
    const text = logged((log) => log.info(value, "x"))
    expect(text.length).toBeLessThan(20_000)
    expect(text).toContain("[deep]")
    expect(text).toContain("[936 more]")
    expect(text).toContain("(1000000 characters)")
  })

  test("whatever throws when it is looked at does not throw out of the log", () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const getter = {
      get bad(): string {
        throw new Error("no")
      },
    }
    const text = logged((log) => {
      log.info({ proxy, getter, big: 1n, symbol: Symbol("s"), run: () => 1 }, "fine %s", proxy)
      log.info(proxy, "as fields")
      log.error(Object.defineProperty(new Error("x"), "message", { get: () => getter.bad }))
    })
    expect(text.trimEnd().split("\n")).toHaveLength(3)
    expect(text).toContain('"bad":"[unreadable]"')
  })
})

test("fields that are called like an object's own methods are written, pretty too", () => {
  for (const isPretty of [false, true]) {
    const text = logged((log) => log.info({ valueOf: 1, toString: null }, "kept"), { isPretty })
    expect(text).toContain("kept")
  }
})

describe("secrets", () => {
  const url = `amqp://user:${secret}@host:5672/vhost`
  const hostile: [what: string, use: (log: Log) => void][] = [
    ["a URL in the message", (log) => log.info(`lost ${url}`)],
    ["a URL put together by the message", (log) => log.info("lost amqp://user:%s@host", secret)],
    ["a URL in a field", (log) => log.info({ a: [{ url }] }, "x")],
    ["a URL object", (log) => log.info({ url: new URL(url) }, "x")],
    ["a URL as the name of a field", (log) => log.info({ [url]: 1 }, "x")],
    ["a field called password", (log) => log.info({ a: { password: secret } }, "x")],
    ["a header", (log) => log.info({ headers: { authorization: `Basic ${secret}` } }, "x")],
    ["an error's message", (log) => log.error(new Error(`failed: ${url}`))],
    ["an error's message with one's own", (log) => log.error({ err: new Error(url) }, "failed")],
    ["an error's cause", (log) => log.error(new Error("x", { cause: new Error(url) }))],
    ["an aggregate", (log) => log.error(new AggregateError([new Error(url), url]))],
    [
      "an error with a connection",
      (log) => log.error(Object.assign(new Error("x"), { connection: { pass: secret } })),
    ],
    ["a value of the message", (log) => log.info("x %s %o %j", url, { url }, { token: secret })],
    ["bytes", (log) => log.info({ body: Buffer.from(url) }, "x")],
    ["a long text that is cut within the URL", (log) => log.info("x".repeat(8150) + ` ${url}`)],
  ]
  for (const isPretty of [false, true]) {
    for (const [what, use] of hostile) {
      test(`do not come out of ${what}${isPretty ? ", pretty" : ""}`, () => {
        const text = logged(use, { isPretty })
        expect(text).not.toBe("")
        // A part would be too much as well.
        expect(text).not.toContain(secret.slice(0, 8))
      })
    }
  }

  test("of the configuration do not come out wherever they stand", () => {
    const amqp = { url: "amqp://u:p%40ss%2Fw0rd@h", managementUrl: "http://u:other-one@h" }
    const key = [{ use: "./mine.ts", apiKey: "plugin-key" }]
    const config = parseConfig({ amqp, topics: { orders: { key } } })
    const secrets = configSecrets(config)
    const all = ["p%40ss%2Fw0rd", "p@ss/w0rd", "other-one", "plugin-key"]
    expect(secrets).toEqual(expect.arrayContaining(all))
    const text = logged((log) => log.info({ [all[0]!]: all, x: all.join("") }, all.join("-")), {
      secrets,
    })
    for (const each of all) expect(text).not.toContain(each)
  })

  test("survive in no shape of anything that is logged", () => {
    const carrier = fc.constantFrom(
      url,
      `see ${url} and http://a:${secret}@b`,
      `password=${secret}`,
      `{"token":"${secret}"}`,
      `Bearer ${secret}`,
      new Error(url),
      Object.assign(new Error("x"), { connection: { a: secret }, config: url }),
      Buffer.from(secret),
      new URL(url),
      { password: secret, userPassword: { deep: secret }, API_KEY: secret },
      new (class Session {
        credentials = secret
      })(),
    )
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        carrier,
        fc.string(),
        fc.anything(),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }),
        tie("value").map((cause) => new Error(url, { cause })),
      ),
    }))
    const args = fc.oneof(
      fc.array(value, { minLength: 1, maxLength: 3 }),
      fc.tuple(value, fc.constantFrom("a %s %o", url, "%j"), value),
    )
    const property = fc.property(args, fc.boolean(), (values, isPretty) => {
      const use = (log: Log) => (log.info as (...all: unknown[]) => void)(...values)
      const text = logged(use, { isPretty })
      return text !== "" && !text.includes(secret)
    })
    fc.assert(property, { seed, numRuns: 1_000 })
  })
})
