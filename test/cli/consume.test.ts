import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { countMessages } from "../../src/broker/dead-letters.ts"
import { encodeProperties } from "../../src/wire/properties.ts"
import { connect, RawPublisher } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { consuming, parsed } from "./consuming.ts"
import { runPartymq, spawnPartymq } from "./partymq.ts"
import { isReady, serving } from "./serving.ts"
import { classic, classicDeadLetter, topicFolder } from "./topic-folder.ts"

// Every test starts processes, and run alone the first one starts a broker too.
setDefaultTimeout(60_000)
const vhost = withVhost()
const encoder = new TextEncoder()

/** Keyed by a header; one partition holds everything in order. */
const onePartition = (type: "classic" | "quorum" = "classic") =>
  topicFolder(vhost.url, {
    key: [{ use: "header", name: "k" }],
    groups: { g: { partitions: 1, queue: { type } } },
    deadLetter: classicDeadLetter,
  })

/** Straight into a queue, as bytes. */
async function publishTo(
  queue: string,
  bodies: readonly (string | Uint8Array)[],
  headers: readonly (readonly [string, string])[] = [["k", "a"]],
): Promise<void> {
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, queue)
  const properties = encodeProperties({ deliveryMode: 2, headers })
  for (const body of bodies) {
    publisher.publish(properties, typeof body === "string" ? encoder.encode(body) : body)
  }
  await publisher.unconfirmedAtMost(0)
  await connection.shut(5_000)
}

/** Publishes one message through the command line, which declares the queues. */
async function declared({ topic, options }: ReturnType<typeof topicFolder>): Promise<string> {
  const args = ["publish", topic, "--header", "k=a", "--body", "0", "--output", "json"]
  const run = await runPartymq(args, options)
  expect(run.exitCode).toBe(0)
  return JSON.parse(run.stdout).placements[0].queue
}

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => String(index + from))

describe("consume", () => {
  test("prints what came over AMQP, HTTP and the command line, as the router placed it", async () => {
    using folder = topicFolder(vhost.url, {
      source: { queue: "three-ways.source", type: "classic" },
      key: [
        { use: "header", name: "k" },
        { use: "jsonpath", path: "$.id" },
      ],
      groups: { g: { partitions: 5, ...classic }, other: { partitions: 3, ...classic } },
      deadLetter: classicDeadLetter,
    })
    const { topic, options } = folder
    await using router = await serving("serve", options)
    await isReady(router)
    await publishTo("three-ways.source", ['{"from":"amqp"}'], [["k", "key-1"]])
    const response = await fetch(`${router.url}/v1/topics/${topic}/messages`, {
      method: "POST",
      body: '{"id":42}',
      headers: { "content-type": "application/json", "x-a": "1", "message-id": "m-2" },
    })
    expect(response.status).toBe(202)
    const overHttp = (await response.json()) as { placements: { partition: number }[] }
    const args = ["publish", topic, "--header", "k=key-3", "--body", "hello", "--output", "json"]
    const published = await runPartymq(args, options)
    const overCli = JSON.parse(published.stdout) as { placements: { partition: number }[] }

    await using consumer = await consuming([topic, "--group", "g", "--limit", "3"], options)
    expect(await consumer.ended()).toBe(0)
    const lines = new Map(consumer.lines().map((line) => [line.key, line]))
    expect(lines.size).toBe(3)
    const explained = await runPartymq(
      ["explain", topic, "--header", "k=key-1", "--output", "json"],
      options,
    )
    expect(lines.get("key-1")).toEqual({
      partition: JSON.parse(explained.stdout).placements[0].partition,
      key: "key-1",
      headers: { k: "key-1" },
      body: '{"from":"amqp"}',
    })
    expect(lines.get("42")).toEqual({
      partition: overHttp.placements[0]!.partition,
      key: "42",
      headers: { "x-a": "1" },
      contentType: "application/json",
      id: "m-2",
      body: '{"id":42}',
    })
    expect(lines.get("key-3")).toMatchObject({
      partition: overCli.placements[0]!.partition,
      headers: { k: "key-3" },
      body: "hello",
    })
  })

  test("prints a body that is not text as base64", async () => {
    using folder = onePartition()
    const queue = await declared(folder)
    await publishTo(queue, [Uint8Array.of(0xff, 0x00)])
    await using consumer = await consuming([folder.topic, "--group=g", "--limit=2"], folder.options)
    expect(await consumer.ended()).toBe(0)
    expect(consumer.lines()[1]).toEqual({
      partition: 0,
      key: "a",
      headers: { k: "a" },
      bodyBase64: "/wA=",
    })
  })

  for (const type of ["classic", "quorum"] as const) {
    test(`gives back what it did not print, in order, to the next one (${type} queue)`, async () => {
      using folder = onePartition(type)
      const queue = await declared(folder)
      await publishTo(queue, numbers(299, 1))
      const bodies: (string | undefined)[] = []
      // Each takes over what the one before had fetched and not printed.
      for (const limit of [3, 5, 200, 92]) {
        const args = ["consume", folder.topic, "--group=g", `--limit=${limit}`]
        const run = await runPartymq(args, folder.options)
        expect(run.exitCode).toBe(0)
        bodies.push(...parsed(run.stdout).map(({ body }) => body))
      }
      expect(bodies).toEqual(numbers(300))
    })
  }

  test("ends well when its reader has enough, and leaves what it could not write", async () => {
    using folder = onePartition("quorum")
    const queue = await declared(folder)
    // Each is more than a pipe holds and its reader reads ahead, some 400 KB on a busy machine, so none
    // is written before the one ahead of it is read.
    const large = (number: string) => `${number} ${"x".repeat(1_000_000)}`
    await publishTo(queue, numbers(19, 1).map(large))
    const child = spawnPartymq(["consume", folder.topic, "--group=g"], folder.options)
    try {
      const reader = child.stdout.getReader()
      let text = ""
      while (text.split("\n").length < 3) {
        const { value, done } = await reader.read()
        if (done) throw new Error("it ended before it had printed two lines")
        text += new TextDecoder().decode(value)
      }
      await reader.cancel()
      const closedAt = performance.now()
      expect(await child.exited).toBe(0)
      expect(performance.now() - closedAt).toBeLessThan(5_000)
      expect(await child.stderr.text()).not.toContain("EPIPE")
      const connection = await connect(vhost.url)
      const left = async () => (await countMessages(connection, queue)) ?? 0
      await until(async () => (await left()) >= 18, { what: "18 to be back in the queue" })
      const args = ["consume", folder.topic, "--group=g", `--limit=${await left()}`]
      await connection.shut(5_000)
      const rest = await runPartymq(args, folder.options)
      const seen = [text, rest.stdout].flatMap((part) => parsed(part).map(({ body }) => body!))
      const wanted = new Set(numbers(20))
      for (const body of seen) wanted.delete(body.split(" ")[0]!)
      expect([...wanted]).toEqual([])
    } finally {
      child.kill("SIGKILL")
      await child.exited
    }
  })

  test("acks nothing that came after its reader had closed", async () => {
    using folder = onePartition()
    const queue = await declared(folder)
    const child = spawnPartymq(["consume", folder.topic, "--group=g"], folder.options)
    const connection = await connect(vhost.url)
    try {
      const reader = child.stdout.getReader()
      await reader.read()
      const left = async () => (await countMessages(connection, queue)) ?? 0
      await reader.cancel()
      await publishTo(queue, numbers(300, 1))
      expect(await child.exited).toBe(0)
      await until(async () => (await left()) >= 300, { what: "all 300 to be in the queue" })
    } finally {
      child.kill("SIGKILL")
      await child.exited
      await connection.shut(5_000)
    }
  })

  test("stands by while another consumer has the partition, and takes over in order", async () => {
    using folder = onePartition()
    const queue = await declared(folder)
    await using active = await consuming([folder.topic, "--group", "g"], folder.options)
    await until(() => active.lines().length === 1, { what: "the first message" })
    await using standby = await consuming([folder.topic, "--group", "g"], folder.options)
    await publishTo(queue, numbers(200, 1))
    await until(() => active.lines().length === 201, { what: "all to be with the active one" })
    expect(standby.lines()).toEqual([])
    active.child.kill("SIGTERM")
    expect(await active.ended()).toBe(0)
    await publishTo(queue, numbers(200, 201))
    await until(() => standby.lines().length === 200, { what: "the standby to go on" })
    standby.child.kill("SIGINT")
    expect(await standby.ended()).toBe(0)
    const bodies = [...active.lines(), ...standby.lines()].map(({ body }) => body)
    expect(bodies).toEqual(numbers(401))
  })

  test("takes one partition only when asked to", async () => {
    using folder = topicFolder(vhost.url, {
      key: [{ use: "header", name: "k" }],
      groups: { g: { partitions: 3, ...classic } },
      deadLetter: classicDeadLetter,
    })
    const queue = await declared(folder)
    const prefix = queue.replace(/\d+$/, "")
    const other = (Number(queue.slice(prefix.length)) + 1) % 3
    await publishTo(`${prefix}${other}`, ["other"])
    const args = ["consume", folder.topic, "--group=g", `--partition=${other}`, "--limit=1"]
    const run = await runPartymq(args, folder.options)
    expect(run.exitCode).toBe(0)
    expect(parsed(run.stdout)).toEqual([
      { partition: other, key: "a", headers: { k: "a" }, body: "other" },
    ])
  })

  test("ends with 1 and a sentence when its queue is deleted", async () => {
    using folder = onePartition()
    const queue = await declared(folder)
    await using consumer = await consuming([folder.topic, "--group", "g"], folder.options)
    const connection = await connect(vhost.url)
    await (await connection.plainChannel()).queueDelete(queue)
    await connection.shut(5_000)
    expect(await consumer.ended()).toBe(1)
    expect(consumer.stderr.text()).toContain(`queue "${queue}" was deleted`)
    expect(consumer.stderr.text()).not.toContain("    at ")
  })

  test("ends with 1 and a sentence when the topic was never started", async () => {
    using folder = onePartition()
    const run = await runPartymq(["consume", folder.topic, "--group", "g"], folder.options)
    expect(run.exitCode).toBe(1)
    expect(run.stderr).toContain(`partymq.${folder.topic}.g.g1.p0`)
    expect(run.stderr).not.toContain("    at ")
  })
})
