import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { xxHash32 } from "../../src/hash/xxhash32.ts"
import { withVhost } from "../support/vhost.ts"
import { runPartymq } from "./partymq.ts"
import { classic, classicDeadLetter, topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()

/** Nobody listens there. */
const nowhere = "amqp://nobody:hush@127.0.0.1:1"

const input = {
  key: [
    { use: "header", name: "k" },
    { use: "jsonpath", path: "$.id" },
  ],
  groups: {
    ring: { partitions: 7, ...classic },
    heavy: { partitions: 4, partitioner: { use: "rendezvous-hash" }, ...classic },
    kafka: { partitions: 5, partitioner: { use: "kafka-murmur2" }, ...classic },
  },
  deadLetter: classicDeadLetter,
}

describe("explain", () => {
  test("says where publish puts the message, and needs no broker for it", async () => {
    using folder = topicFolder(vhost.url, input)
    const offline = { ...folder.options, environment: { PARTYMQ_AMQP_URL: nowhere } }
    const messages: readonly (readonly string[])[] = [
      ["--header", "k=customer-1"],
      ["--header", "K=Customer-2", "--body", '{"id":"ignored"}'],
      ["--body", '{"id":9007199254740993}'],
      ["--body", '{"id":"schlüssel"}'],
      ["--key", "outright", "--header", "k=ignored"],
    ]
    const both = messages.map(async (message) => {
      const args = [folder.topic, ...message, "--output", "json"]
      const explained = await runPartymq(["explain", ...args], offline)
      expect(explained.stderr).toBe("")
      expect(explained.exitCode).toBe(0)
      return { args, explanation: JSON.parse(explained.stdout) }
    })
    const keys: string[] = []
    for (const explaining of both) {
      const { args, explanation } = await explaining
      const published = await runPartymq(["publish", ...args], folder.options)
      expect(published.exitCode).toBe(0)
      const { key, placements } = JSON.parse(published.stdout)
      expect(explanation.key.value).toBe(key)
      const places = explanation.placements.map((at: { [name: string]: unknown }) => {
        const { partitioner, partitions, ...place } = at
        return place
      })
      expect(places).toEqual(placements)
      keys.push(key)
    }
    expect(keys).toEqual(["customer-1", "Customer-2", "9007199254740993", "schlüssel", "outright"])
  })

  test("tells the hash, the generation, the partitioner and what each extractor said", async () => {
    using folder = topicFolder(nowhere, input)
    const body = join(folder.options.folder, "body.json")
    writeFileSync(body, '{"id":"customer-1"}')
    const args = ["explain", folder.topic, "--body", body]
    const asJson = JSON.parse((await runPartymq([...args, "--output=json"], folder.options)).stdout)
    const hash = xxHash32(new TextEncoder().encode("customer-1")).toString(16).padStart(8, "0")
    expect(asJson).toMatchObject({
      topic: folder.topic,
      extractors: [
        { use: "header", result: "no key" },
        { use: "jsonpath", result: 'key "customer-1"' },
      ],
      key: { value: "customer-1", encoding: "utf-8", sizeBytes: 10, xxHash32: hash },
      placements: [
        { group: "ring", generation: 1, partitioner: "consistent-hash", partitions: 7 },
        { group: "heavy", generation: 1, partitioner: "rendezvous-hash", partitions: 4 },
        { group: "kafka", generation: 1, partitioner: "kafka-murmur2", partitions: 5 },
      ],
    })
    const text = await runPartymq(args, folder.options)
    expect(text.exitCode).toBe(0)
    for (const said of [hash, "1. header: no key", "2. jsonpath", "rendezvous-hash"]) {
      expect(text.stdout).toContain(said)
    }
    for (const { queue } of asJson.placements) expect(text.stdout).toContain(queue)
  })

  test("exits with 1 and the reason when the message would be rejected", async () => {
    using folder = topicFolder(nowhere, input)
    const rejected: readonly (readonly [body: string, reason: string])[] = [
      ["{}", "missing_key"],
      ["{", "invalid_json"],
      ['{"id":{}}', "invalid_key"],
      [JSON.stringify({ id: "x".repeat(4097) }), "invalid_key"],
    ]
    for (const [body, reason] of rejected) {
      const args = ["explain", folder.topic, "--body", body, "--output", "json"]
      const run = await runPartymq(args, folder.options)
      expect(run.exitCode).toBe(1)
      expect(JSON.parse(run.stderr).error.code).toBe(reason)
      expect(JSON.parse(run.stdout)).toMatchObject({
        key: null,
        placements: [],
        rejected: { reason },
      })
    }
  })

  test("says that there is no body where the key is looked for in one", async () => {
    using folder = topicFolder(nowhere, input)
    const run = await runPartymq(["explain", folder.topic], folder.options)
    expect(run.stderr).toBe("partymq: the body is not JSON in UTF-8; --body gives one\n")
  })

  test("takes a body from stdin, and says that a message without a key would be spread", async () => {
    using folder = topicFolder(nowhere, { ...input, onMissingKey: "spread" })
    const options = { ...folder.options, stdin: "{}" }
    const run = await runPartymq(["explain", folder.topic, "--body", "-"], options)
    expect(run.exitCode).toBe(0)
    expect(run.stdout).toContain("no order promised")
  })
})
