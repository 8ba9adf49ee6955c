import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { readConfigFile } from "../../src/config/config-file.ts"
import type { Environment } from "../../src/config/environment.ts"
import { loadConfig } from "../../src/config/load-config.ts"
import { problemsOf } from "./problems-of.ts"
import { temporaryFolder } from "./temporary-folder.ts"

const json = (input: object) => JSON.stringify({ topics: { orders: {} }, ...input })
const load = (folder: string, environment: Environment = {}, more: object = {}) =>
  loadConfig({ folder, environment, ...more })

describe("files", () => {
  const contents: { [name: string]: string } = {
    "partymq.config.ts": `import { defineConfig } from "partymq"
const port: number = 9001
export default defineConfig({ http: { port }, topics: { orders: {} } })`,
    "partymq.config.js": "export default { http: { port: 9001 }, topics: { orders: {} } }",
    "partymq.config.json": json({ http: { port: 9001 } }),
    "partymq.config.yaml": "http: { port: 9001 }\ntopics:\n  orders: {}\n",
    "partymq.config.yml": "http:\n  port: 9001\ntopics: { orders: {} }\n",
  }
  for (const [name, content] of Object.entries(contents)) {
    test(`${name} is found in the folder, outside the project too`, async () => {
      using folder = temporaryFolder({ [name]: content })
      const loaded = await load(folder.path)
      expect(loaded.config.http.port).toBe(9001)
      expect(loaded.file).toBe(join(folder.path, name))
      expect(loaded.baseDir).toBe(folder.path)
      expect(loaded.origin).toBe("file")
      expect(loaded.isBrokerGiven).toBe(false)
    })
  }

  test("--config counts before PARTYMQ_CONFIG, and that before the file of the usual name", async () => {
    const named = (port: number) => json({ http: { port } })
    using folder = temporaryFolder({
      "partymq.config.json": named(1),
      "environment.json": named(2),
      "flag.json": named(3),
    })
    const environment = { PARTYMQ_CONFIG: "environment.json" }
    const port = async (...args: [Environment?, object?]) =>
      (await load(folder.path, ...args)).config.http.port
    expect(await port()).toBe(1)
    expect(await port(environment)).toBe(2)
    expect(await port(environment, { file: "flag.json" })).toBe(3)
  })

  const unusable: [string, { [name: string]: string }, string | undefined, string][] = [
    ["a file that is missing", {}, "nowhere.json", '"nowhere.json"'],
    ["a file of an unknown kind", { "a.toml": "" }, "a.toml", ".ts, .js, .json, .yaml, .yml"],
    ["JSON that is not", { "a.json": "{" }, "a.json", "a JSON document"],
    ["YAML that is not", { "a.yaml": "a: b: c" }, "a.yaml", "a YAML document"],
    ["a module without default export", { "a.ts": "export const a = 1" }, "a.ts", "default export"],
    ["a module that is none", { "a.ts": "\nexport default {" }, "a.ts", "(a.ts, line 2, column "],
    ["a module that throws", { "a.ts": 'throw new Error("no luck")' }, "a.ts", "no luck"],
    [
      "two files side by side",
      { "partymq.config.json": "{}", "partymq.config.yaml": "{}" },
      undefined,
      "--config FILE",
    ],
    ["no file at all", {}, undefined, "put a partymq.config.ts"],
  ]
  for (const [what, files, file, expected] of unusable) {
    test(`${what} is reported`, async () => {
      using folder = temporaryFolder(files)
      const problems = await problemsOf(() =>
        load(folder.path, {}, file === undefined ? {} : { file }),
      )
      expect(problems).toHaveLength(1)
      expect(problems[0]?.message).toContain(expected)
    })
  }

  test("a module that never ends loading is reported", async () => {
    using folder = temporaryFolder({ "a.ts": "await new Promise(() => {})\nexport default {}" })
    const problems = await problemsOf(() => readConfigFile(join(folder.path, "a.ts"), 50))
    expect(problems[0]?.message).toContain("it takes over 50 ms")
  })

  test("a document that cannot be parsed is not quoted, for it may hold a password", async () => {
    using folder = temporaryFolder({
      "a.json": '{"amqp": {"url": hush"amqp://u:hush@h"}}',
      "b.yaml": "url: &a [hush\nb: *hush",
      "c.yaml": 'url: "hush',
    })
    for (const file of ["a.json", "b.yaml", "c.yaml"]) {
      const problems = await problemsOf(() => load(folder.path, {}, { file }))
      expect(JSON.stringify(problems)).not.toContain("hush")
    }
  })
})

describe("precedence", () => {
  const file = json({
    amqp: { url: "amqp://file" },
    http: { host: "file", port: 1 },
    log: { level: "fatal" },
  })
  const environment = {
    PARTYMQ_AMQP_URL: "amqp://environment",
    PARTYMQ_HTTP_HOST: "environment",
    PARTYMQ_HTTP_PORT: "2",
    PARTYMQ_LOG_LEVEL: "warn",
  }
  const flags = [
    { path: "amqp.url", value: "amqp://flag", source: "--amqp-url" },
    { path: "http.port", value: 3, source: "--http-port" },
    { path: "log.level", value: "trace", source: "--log-level" },
  ]

  test("the environment counts before the file", async () => {
    using folder = temporaryFolder({ "partymq.config.json": file })
    const { config, provenance, isBrokerGiven } = await load(folder.path, environment)
    expect(config.amqp.url).toBe("amqp://environment")
    expect(config.http).toMatchObject({ host: "environment", port: 2 })
    expect(config.log.level).toBe("warn")
    expect(provenance.get("http.port")).toBe("PARTYMQ_HTTP_PORT")
    expect(isBrokerGiven).toBe(true)
  })

  test("a flag counts before the environment", async () => {
    using folder = temporaryFolder({ "partymq.config.json": file })
    const { config, provenance } = await load(folder.path, environment, { flags })
    expect(config.amqp.url).toBe("amqp://flag")
    expect(config.http).toMatchObject({ host: "environment", port: 3 })
    expect(config.log.level).toBe("trace")
    expect(provenance.get("http.port")).toBe("--http-port")
  })

  test("names that other programs use count where PartyMQ's own are not set", async () => {
    using folder = temporaryFolder({ "partymq.config.json": file })
    const general = { AMQP_URL: "amqp://general", PORT: "4", LOG_LEVEL: "error" }
    const { config } = await load(folder.path, general)
    expect([config.amqp.url, config.http.port, config.log.level]).toEqual([
      "amqp://general",
      4,
      "error",
    ])
    const both = await load(folder.path, { ...general, ...environment })
    expect(both.config.http.port).toBe(2)
  })

  test("an empty variable counts as not set", async () => {
    using folder = temporaryFolder({ "partymq.config.json": file })
    const { config } = await load(folder.path, { PARTYMQ_HTTP_PORT: "", PORT: "" })
    expect(config.http.port).toBe(1)
  })

  test("a value that is wrong is reported with the variable it comes from", async () => {
    using folder = temporaryFolder({ "partymq.config.json": file })
    const problems = await problemsOf(() => load(folder.path, { PORT: "80a", LOG_LEVEL: "loud" }))
    expect(problems.map((problem) => problem.message)).toEqual([
      'http.port is "80a"; allowed: a whole number from 0 to 65535 (it comes from PORT)',
      expect.stringContaining("(it comes from LOG_LEVEL)"),
    ])
  })
})

describe("secrets in files", () => {
  test("PARTYMQ_AMQP_URL_FILE names a file that holds the URL", async () => {
    using folder = temporaryFolder({ secret: "amqp://u:p@h/v\n", "partymq.config.json": json({}) })
    const environment = { PARTYMQ_AMQP_URL_FILE: join(folder.path, "secret") }
    expect((await load(folder.path, environment)).config.amqp.url).toBe("amqp://u:p@h/v")
  })

  test("a secret given twice or unreadable is reported without being shown", async () => {
    using folder = temporaryFolder({ "partymq.config.json": json({}) })
    const environment = {
      PARTYMQ_AMQP_URL_FILE: "/nowhere/amqp",
      PARTYMQ_AMQP_URL: "amqp://u:hush@h",
      PARTYMQ_MANAGEMENT_URL_FILE: "/nowhere/management",
    }
    const problems = await problemsOf(() => load(folder.path, environment))
    expect(problems.map((problem) => problem.path)).toEqual([
      "PARTYMQ_AMQP_URL_FILE",
      "PARTYMQ_MANAGEMENT_URL_FILE",
    ])
    expect(JSON.stringify(problems)).not.toContain("hush")
  })
})

describe("the original PartyMQ's environment", () => {
  test("means one topic with one client-bound group, with the original's defaults", async () => {
    using folder = temporaryFolder()
    const { config, origin } = await load(folder.path, { PARTYMQ_RABBIT_CS: "amqp://u:p@h:1" })
    expect(origin).toBe("original-environment")
    expect(config.amqp.url).toBe("amqp://u:p@h:1")
    expect(config.http.port).toBe(8085)
    expect(Object.keys(config.topics)).toEqual(["default"])
    const topic = config.topics["default"]!
    expect(topic.source?.queue).toBe("partymq.q.source")
    expect(topic.key).toEqual([{ use: "header", name: "partitionKey" }])
    expect(topic.groups["default"]).toMatchObject({
      partitions: "clients",
      clients: {
        exchange: "partymq.ex.write",
        routingKeyPrefix: "partymq.partition-",
        heartbeatCheckIntervalMs: 30_000,
        heartbeatExpiryMs: 120_000,
      },
    })
  })

  test("every variable is understood", async () => {
    using folder = temporaryFolder()
    const { config } = await load(folder.path, {
      PARTYMQ_SOURCE_QUEUE: "in",
      PARTYMQ_KEY_CONFIG_SOURCE: "body",
      PARTYMQ_KEY_CONFIG_KEY: "customerId",
      PARTYMQ_HEART_BEAT_CONFIG_CHECK_INTERVAL: "1m30s",
      PARTYMQ_HEART_BEAT_CONFIG_EXPIRES_AFTER: "500ms",
    })
    const topic = config.topics["default"]!
    expect(topic.source?.queue).toBe("in")
    expect(topic.key).toEqual([{ use: "jsonpath", path: "$.customerId" }])
    expect(topic.groups["default"]?.clients).toMatchObject({
      heartbeatCheckIntervalMs: 90_000,
      heartbeatExpiryMs: 500,
    })
  })

  test("a body key with a dot names one member, as it does in the original", async () => {
    using folder = temporaryFolder()
    const environment = { PARTYMQ_KEY_CONFIG_SOURCE: "body", PARTYMQ_KEY_CONFIG_KEY: "a.b" }
    const { config } = await load(folder.path, environment)
    expect(config.topics["default"]?.key).toEqual([{ use: "jsonpath", path: '$["a.b"]' }])
  })

  test("mistakes in it are reported all at once, by the variable's name", async () => {
    using folder = temporaryFolder()
    const environment = {
      PARTYMQ_RABBIT_CS: "host:hush",
      PARTYMQ_KEY_CONFIG_SOURCE: "cookie",
      PARTYMQ_HEART_BEAT_CONFIG_CHECK_INTERVAL: "30",
      PARTYMQ_HEART_BEAT_CONFIG_EXPIRES_AFTER: "0s",
    }
    const problems = await problemsOf(() => load(folder.path, environment))
    expect(problems.map((problem) => problem.path).sort()).toEqual([
      "PARTYMQ_HEART_BEAT_CONFIG_CHECK_INTERVAL",
      "PARTYMQ_HEART_BEAT_CONFIG_EXPIRES_AFTER",
      "PARTYMQ_KEY_CONFIG_SOURCE",
      "amqp.url",
    ])
    expect(JSON.stringify(problems)).not.toContain("hush")
  })

  test("counts for nothing where there is a file", async () => {
    using folder = temporaryFolder({ "partymq.config.json": json({}) })
    const { config, origin } = await load(folder.path, { PARTYMQ_RABBIT_CS: "amqp://other" })
    expect(origin).toBe("file")
    expect(Object.keys(config.topics)).toEqual(["orders"])
    expect(config.amqp.url).not.toBe("amqp://other")
  })
})

test("a fallback is taken only where nothing else is", async () => {
  using folder = temporaryFolder()
  const fallback = { topics: { example: {} } }
  expect((await load(folder.path, {}, { fallback })).origin).toBe("fallback")
  const original = await load(folder.path, { PARTYMQ_SOURCE_QUEUE: "q" }, { fallback })
  expect(original.origin).toBe("original-environment")
})
