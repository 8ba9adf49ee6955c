import { describe, expect, test } from "bun:test"
import { parseConfig } from "../../src/config/parse-config.ts"
import { problemsOf } from "./problems-of.ts"

const withTopic = (topic: object) => ({ topics: { orders: topic } })
const withGroup = (group: object) => withTopic({ groups: { billing: group } })
const withQueue = (queue: object) => withGroup({ queue })
const group = "topics.orders.groups.billing"

describe("defaults", () => {
  test("a topic with nothing said has one group called default", () => {
    const { topics } = parseConfig({ topics: { orders: {} } })
    expect(topics["orders"]).toEqual({
      key: [],
      onMissingKey: "dead-letter",
      groups: {
        default: {
          partitions: 16,
          partitioner: { use: "consistent-hash" },
          queue: { type: "quorum" },
          members: {
            assignor: "sticky",
            sessionTimeoutMs: 10_000,
            drainTimeoutMs: 30_000,
            initialDelayMs: 3_000,
          },
          pull: { prefetch: 100, visibilityTimeoutMs: 30_000, deliveriesMax: 10 },
        },
      },
      retry: { attemptsMax: 10, backoffMs: 100, backoffMaxMs: 5_000 },
      deadLetter: { type: "quorum" },
    })
  })

  test("the rest of the configuration has the documented defaults", () => {
    const { topics: _, ...rest } = parseConfig({ topics: { orders: {} } })
    expect(rest).toEqual({
      amqp: {
        url: "amqp://guest:guest@localhost:5672/%2F",
        heartbeatSeconds: 10,
        confirmTimeoutMs: 30_000,
      },
      http: {
        host: "0.0.0.0",
        port: 8085,
        bodyBytesMax: 1_048_576,
        publishTimeoutMs: 10_000,
        inFlightMessagesMax: 4096,
        inFlightBytesMax: 50_331_648,
      },
      log: { level: "info" },
      shutdownTimeoutMs: 10_000,
    })
  })

  test("a source is declared and bound to everything, with the default prefetch", () => {
    const input = withTopic({ source: { queue: "in" }, key: [{ use: "header", name: "k" }] })
    expect(parseConfig(input).topics["orders"]?.source).toEqual({
      queue: "in",
      bind: ["#"],
      topology: "declare",
      type: "quorum",
      prefetch: 1000,
    })
  })

  test("a queue with a length limit refuses what is over it unless told to drop", () => {
    const queueOf = (queue: object) =>
      parseConfig(withQueue(queue)).topics["orders"]?.groups["billing"]?.queue
    expect(queueOf({ maxLength: 5 })?.overflow).toBe("reject-publish")
    expect(queueOf({ maxLengthBytes: 5 })?.overflow).toBe("reject-publish")
    expect(queueOf({ maxLength: 5, overflow: "drop-head" })?.overflow).toBe("drop-head")
    expect(queueOf({})).not.toHaveProperty("overflow")
    const classic = { type: "classic", maxLength: 5, overflow: "reject-publish" }
    expect(queueOf(classic)?.overflow).toBe("reject-publish")
  })

  test("a client-bound group has its settings and any other group has none", () => {
    const { groups } = parseConfig(
      withTopic({ groups: { pods: { partitions: "clients" }, fixed: {} } }),
    ).topics["orders"]!
    expect(groups["pods"]?.clients).toEqual({
      exchange: "partymq.ex.write",
      routingKeyPrefix: "partymq.partition-",
      heartbeatCheckIntervalMs: 30_000,
      heartbeatExpiryMs: 120_000,
      partitions: 64,
      initialDelayMs: 10_000,
      initialDelayMaxMs: 30_000,
      returnDelayMs: 3_000,
      onHandOverTimeout: "wait",
      handOverTimeoutMs: 30_000,
    })
    expect(groups["fixed"]).not.toHaveProperty("clients")
  })

  test("options of plugins pass untouched and fields that are undefined count as left out", () => {
    const schema = new (class Schema {})()
    const key = [{ use: "./mine.ts", anything: { deep: [1, schema] }, absent: undefined }]
    const config = parseConfig({ amqp: undefined, topics: { orders: { key } } })
    const option = config.topics["orders"]?.key[0]
    expect(option).toEqual({ use: "./mine.ts", anything: { deep: [1, schema] } })
    expect(option).not.toHaveProperty("absent")
    expect((option as unknown as { anything: { deep: unknown[] } }).anything.deep[1]).toBe(schema)
  })

  test("the effective configuration cannot be changed", () => {
    const config = parseConfig({ topics: { orders: {} } })
    expect(Object.isFrozen(config.topics["orders"]?.groups["default"]?.queue)).toBe(true)
  })
})

const mistakes: [input: unknown, path: string, found: string, allowed: string][] = [
  [undefined, "", "missing", "an object"],
  [[], "", "[]", "an object"],
  [{}, "topics", "missing", "it is required"],
  [{ topics: {} }, "topics", "{}", "at least one topic"],
  [{ topics: { orders: {} }, http: [] }, "http", "[]", "an object"],
  [{ topics: { orders: {} }, http: { port: 65_536 } }, "http.port", "65536", "0 to 65535"],
  [{ topics: { orders: {} }, http: { port: "80" } }, "http.port", '"80"', "a whole number"],
  [{ topics: { orders: {} }, http: { port: 1.5 } }, "http.port", "1.5", "a whole number"],
  [{ topics: { orders: {} }, http: { port: Number.NaN } }, "http.port", "NaN", "a whole number"],
  [{ topics: { orders: {} }, http: { bodyBytesMax: 0 } }, "http.bodyBytesMax", "0", "from 1 to"],
  [
    { topics: { orders: {} }, http: { inFlightBytesMax: 5 } },
    "http.inFlightBytesMax",
    "5",
    "at least bodyBytesMax, which is 1048576",
  ],
  [{ topics: { orders: {} }, log: { level: "loud" } }, "log.level", '"loud"', '"warn"'],
  [
    { topics: { orders: {} }, amqp: { url: "http://u:hush@h" } },
    "amqp.url",
    '"http://u:***@h"',
    "amqp://user:password@host:5672/vhost",
  ],
  [
    { topics: { orders: {} }, amqp: { url: "amqp:u:hush@h" } },
    "amqp.url",
    "a text that is not a URL",
    "amqps://",
  ],
  [
    { topics: { orders: {} }, amqp: { url: "amqp://u:100%hush@h/v" } },
    "amqp.url",
    '"amqp://u:***@h/v"',
    "% of a user, password or vhost is written %25",
  ],
  [
    { topics: { orders: {} }, amqp: { url: "amqp://h/50%" } },
    "amqp.url",
    '"amqp://h/50%"',
    "% of a user, password or vhost is written %25",
  ],
  // A URL all the same: of the host `u`, with half of the password for its port.
  [
    { topics: { orders: {} }, amqp: { url: "amqp://u:12/hush@h/v" } },
    "amqp.url",
    '"amqp://u:***@h/v"',
    "of a user, password or vhost are written %2F",
  ],
  [
    { topics: { orders: {} }, amqp: { managementUrl: "http://u:12#hush@h" } },
    "amqp.managementUrl",
    '"http://u:***@h"',
    "of a user, password or vhost are written %2F",
  ],
  [{ topics: { "a.b": {} } }, 'topics["a.b"]', 'named "a.b"', "letters, digits"],
  [{ topics: { "": {} } }, 'topics[""]', 'named ""', "a name of 1 to 100"],
  [{ topics: { _a: {} } }, "topics._a", 'named "_a"', "starts with a letter or digit"],
  [{ topics: { ["x".repeat(101)]: {} } }, `topics.${"x".repeat(101)}`, "named", "1 to 100"],
  [JSON.parse('{"topics":{"a":{},"__proto__":{}}}'), "topics.__proto__", "__proto__", "any other"],
  [{ topics: { a: {}, constructor: {} } }, "topics.constructor", "constructor", "any other name"],
  [withTopic({ source: {} }), "topics.orders.source.queue", "missing", "it is required"],
  [
    withTopic({ source: { queue: "amq.q" }, onMissingKey: "spread" }),
    "topics.orders.source.queue",
    '"amq.q"',
    'does not start with "amq."',
  ],
  [withTopic({ source: { queue: "q" } }), "topics.orders.key", "[]", "at least one key extractor"],
  [withTopic({ key: {} }), "topics.orders.key", "{}", "a list of key extractors"],
  [withTopic({ key: ["header"] }), "topics.orders.key[0]", '"header"', "{ use:"],
  [withTopic({ key: [{ name: "x" }] }), "topics.orders.key[0].use", "missing", "required"],
  [withTopic({ onMissingKey: "drop" }), "topics.orders.onMissingKey", '"drop"', '"spread"'],
  [withTopic({ onMissingKey: { key: "" } }), "topics.orders.onMissingKey.key", '""', "not empty"],
  [
    withTopic({ retry: { backoffMs: 9000 } }),
    "topics.orders.retry.backoffMaxMs",
    "5000",
    "at least backoffMs, which is 9000",
  ],
  [withTopic({ groups: {} }), "topics.orders.groups", "{}", "1 to 64 groups"],
  [withGroup({ partitions: 0 }), `${group}.partitions`, "0", 'from 1 to 4096, or "clients"'],
  [withGroup({ partitions: 4097 }), `${group}.partitions`, "4097", "from 1 to 4096"],
  [withGroup({ partitions: "client" }), `${group}.partitions`, '"client"', '"clients"'],
  [withGroup({ partitioner: "jump" }), `${group}.partitioner`, '"jump"', "{ use:"],
  [
    withGroup({ partitions: 3, weights: [1, 2] }),
    `${group}.weights`,
    "[1,2]",
    "3 numbers above 0, one per partition",
  ],
  [withGroup({ partitions: 1, weights: [0] }), `${group}.weights[0]`, "0", "a number above 0"],
  [
    withGroup({ members: { sessionTimeoutMs: 20_000, drainTimeoutMs: 4_499 } }),
    `${group}.members.drainTimeoutMs`,
    "4499",
    "at least 4500: a fifth of sessionTimeoutMs and half a second",
  ],
  [
    withGroup({ partitions: "clients", weights: [1] }),
    `${group}.weights`,
    "[1]",
    'nothing while partitions is "clients"',
  ],
  [
    withGroup({
      partitions: "clients",
      queue: { deliveryLimit: 5, deadLetterExchange: "d" },
    }),
    `${group}.queue.deliveryLimit`,
    "5",
    'nothing while partitions is "clients"',
  ],
  [withGroup({ clients: {} }), `${group}.clients`, "{", 'nothing unless partitions is "clients"'],
  [withQueue({ type: "stream" }), `${group}.queue.type`, '"stream"', '"quorum", "classic"'],
  [withQueue({ overflow: "drop-head" }), `${group}.queue.overflow`, "drop-head", "without maxLen"],
  [
    withQueue({ type: "classic", maxLength: 1 }),
    `${group}.queue.overflow`,
    "missing",
    "a quorum queue does not",
  ],
  [
    withQueue({ maxLength: 1, overflow: "reject-publish-dlx" }),
    `${group}.queue.overflow`,
    '"reject-publish-dlx"',
    '"drop-head", "reject-publish"',
  ],
  [
    withQueue({ deliveryLimit: 5 }),
    `${group}.queue.deliveryLimit`,
    "5",
    "nothing without deadLetterExchange",
  ],
  [
    withQueue({ deliveryLimit: 5, deadLetterExchange: "d", type: "classic" }),
    `${group}.queue.deliveryLimit`,
    "5",
    'type is "quorum"',
  ],
  [withGroup({ pull: { prefetch: 0 } }), `${group}.pull.prefetch`, "0", "1 to 10000"],
  [
    {
      topics: {
        a: { groups: { pods: { partitions: "clients" } } },
        b: { groups: { pods: { partitions: "clients" } } },
      },
    },
    "topics.b.groups.pods.clients.routingKeyPrefix",
    '"partymq.partition-"',
    "one that no other client-bound group has",
  ],
  [
    withGroup({ partitions: "clients", clients: { routingKeyPrefix: "p".repeat(56) } }),
    `${group}.clients.routingKeyPrefix`,
    "ppp",
    "a text of at most 55 bytes",
  ],
  [
    { ...withGroup({}), http: { simpleQueue: { topic: "other", group: "billing" } } },
    "http.simpleQueue.topic",
    '"other"',
    "a topic that is configured: orders",
  ],
  [
    { ...withGroup({}), http: { simpleQueue: { topic: "orders", group: "toString" } } },
    "http.simpleQueue.group",
    '"toString"',
    'a group of topic "orders" that is not bound to clients: billing',
  ],
  [
    {
      ...withGroup({ partitions: "clients" }),
      http: { simpleQueue: { topic: "orders", group: "billing" } },
    },
    "http.simpleQueue.group",
    '"billing"',
    "that is not bound to clients: it has none",
  ],
  [
    withQueue({ deadLetterRoutingKey: "k" }),
    `${group}.queue.deadLetterRoutingKey`,
    '"k"',
    "nothing without deadLetterExchange",
  ],
]

describe("a mistake is reported with field, value and what is allowed", () => {
  for (const [input, path, found, allowed] of mistakes) {
    test(`${path || "the configuration"} is ${found}`, async () => {
      const problems = await problemsOf(() => parseConfig(input))
      expect(problems).toHaveLength(1)
      const problem = problems[0]!
      expect(problem.path).toBe(path)
      expect(problem.found).toContain(found)
      expect(problem.allowed).toContain(allowed)
      for (const part of [path, problem.found, problem.allowed]) {
        expect(problem.message).toContain(part)
      }
    })
  }
})

describe("unknown keys", () => {
  const places: [input: object, path: string, nearest: string][] = [
    [{ topisc: {}, topics: { orders: {} } }, "topisc", "topics"],
    [{ topics: { orders: {} }, amqp: { uri: "x" } }, "amqp.uri", "url"],
    [{ topics: { orders: {} }, amqp: { tls: { cafile: "" } } }, "amqp.tls.cafile", "caFile"],
    [{ topics: { orders: {} }, http: { prot: 1 } }, "http.prot", "port"],
    [{ topics: { orders: {} }, log: { levle: 1 } }, "log.levle", "level"],
    [withTopic({ keys: [] }), "topics.orders.keys", "key"],
    [withTopic({ deadLetter: { typ: 1 } }), "topics.orders.deadLetter.typ", "type"],
    [withTopic({ retry: { attemptMax: 1 } }), "topics.orders.retry.attemptMax", "attemptsMax"],
    [withGroup({ partition: 4 }), `${group}.partition`, "partitions"],
    [withQueue({ maxlength: 4 }), `${group}.queue.maxlength`, "maxLength"],
    [withTopic({ onMissingKey: { key: "a", kye: 1 } }), "topics.orders.onMissingKey.kye", "key"],
  ]
  for (const [input, path, nearest] of places) {
    test(`${path} is refused and ${nearest} suggested`, async () => {
      const problems = await problemsOf(() => parseConfig(input))
      expect(problems.map((problem) => problem.path)).toEqual([path])
      expect(problems[0]?.message).toContain(`did you mean ${nearest}?`)
    })
  }

  test("the value of an unknown key is not repeated, for it may be a secret", async () => {
    const input = { topics: { orders: {} }, amqp: { connection: "amqp:u:hush" } }
    expect(JSON.stringify(await problemsOf(() => parseConfig(input)))).not.toContain("hush")
  })
})

test("all mistakes are reported at once", async () => {
  const input = {
    htpt: 1,
    htpp: 2,
    amqp: { url: 5 },
    topics: {
      orders: { source: {}, groups: { a: { partitions: -1 }, b: { partitions: 2, weights: [1] } } },
      "b.c": {},
    },
  }
  const paths = (await problemsOf(() => parseConfig(input))).map((problem) => problem.path)
  expect(paths.sort()).toEqual([
    "amqp.url",
    "htpp",
    "htpt",
    "topics.orders.groups.a.partitions",
    "topics.orders.groups.b.weights",
    "topics.orders.source.queue",
    'topics["b.c"]',
  ])
})

test("two topics cannot share a source queue", async () => {
  const topic = { source: { queue: "in" }, onMissingKey: "spread" }
  const problems = await problemsOf(() => parseConfig({ topics: { a: topic, b: topic } }))
  expect(problems.map((problem) => problem.message)).toEqual([
    'topics.b.source.queue is "in"; allowed: a queue that is not the source of another topic; "a" has this one',
  ])
})

describe("a topic cannot read what PartyMQ keeps for it", () => {
  const read = (queue: string) => () =>
    parseConfig({ topics: { a: { source: { queue }, onMissingKey: "spread" } } })

  for (const name of ["default.g1.p0", "default.g2.p11", "dlq", "generations", "default.keys"]) {
    test(`partymq.a.${name}`, async () => {
      const [problem, ...others] = await problemsOf(read(`partymq.a.${name}`))
      expect(others).toEqual([])
      expect(problem?.path).toBe("topics.a.source.queue")
      expect(problem?.allowed).toBe("a queue that PartyMQ does not keep for this topic itself")
    })
  }

  test("but what it keeps for another topic, or a group that is configured no more", () => {
    for (const name of ["b.default.g1.p0", "b.dlq", "a.old.g1.p0", "a.source", "q.source"]) {
      expect(read(`partymq.${name}`)).not.toThrow()
    }
  })
})

test("a configuration that contains itself is refused", async () => {
  const input: { [name: string]: unknown } = { topics: { orders: {} } }
  input["self"] = input
  const messages = (await problemsOf(() => parseConfig(input))).map((problem) => problem.message)
  expect(messages.join("\n")).toContain("nested too deeply")
})

test("the longest names still fit into the name of a queue", () => {
  const name = "n".repeat(100)
  const config = parseConfig({ topics: { [name]: { groups: { [name]: { partitions: 4096 } } } } })
  const [topic] = Object.keys(config.topics)
  expect(`partymq.${topic}.${name}.g${2 ** 31}.p4095`.length).toBeLessThanOrEqual(255)
})
