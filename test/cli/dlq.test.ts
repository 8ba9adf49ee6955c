import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { countMessages } from "../../src/broker/dead-letters.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { limitedUser } from "../support/limited-user.ts"
import { management } from "../support/management.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { unique } from "../support/unique.ts"
import { until } from "../support/until.ts"
import { untouched } from "../support/untouched.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, hex, long, rawList, textHeader } from "../wire/property-list.ts"
import { runPartymq } from "./partymq.ts"
import { isReady, serving } from "./serving.ts"
import { classic, type TopicInput, topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()

/** Quick to declare; the dead-letter queue is what it is by default. */
function keyedBySource(more: Partial<TopicInput> = {}): TopicInput {
  return {
    source: { queue: unique("source"), type: "classic" },
    key: [{ use: "jsonpath", path: "$.id" }],
    groups: { g: { partitions: 1, ...classic } },
    ...more,
  }
}

/** Publishes to the source as bytes, and has a router run until all of it is settled. */
async function routed(
  input: TopicInput,
  folder: ReturnType<typeof topicFolder>,
  messages: readonly (readonly [properties: Uint8Array, body: string])[],
  letters: number,
): Promise<void> {
  await using router = await serving("serve", folder.options)
  await isReady(router)
  const connection = await connect(vhost.url)
  const publisher = await RawPublisher.open(connection, input.source!.queue!)
  for (const [properties, body] of messages) publisher.publish(properties, bytesOf(body))
  await publisher.unconfirmedAtMost(0)
  await until(async () => (await depth(`partymq.${folder.topic}.dlq`)) === letters, {
    what: `${letters} dead letters`,
  })
  await connection.shut(5_000)
  router.child.kill("SIGTERM")
  expect(await router.child.exited).toBe(0)
  expect(await depth(input.source!.queue!)).toBe(0)
}

async function depth(queue: string): Promise<number | undefined> {
  const connection = await connect(vhost.url)
  try {
    return await countMessages(connection, queue)
  } finally {
    await connection.shut(5_000)
  }
}

/** A command on the topic's dead letters that succeeds; answers its JSON. */
async function dlq(
  folder: ReturnType<typeof topicFolder>,
  command: string,
  ...args: readonly string[]
) {
  const all = ["dlq", command, folder.topic, ...args, "--output", "json"]
  const run = await runPartymq(all, folder.options)
  expect({ ...run, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" })
  return JSON.parse(run.stdout)
}

const hostile = rawList({
  contentType: "text/plain",
  headers: [
    textHeader("same", "name"),
    textHeader("same", "twice"),
    { name: "bytes", type: "x", value: long(Uint8Array.of(0xff)) },
    {
      name: "long",
      type: "l",
      value: Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    },
    textHeader("a", "after its betters"),
  ],
  deliveryMode: 1,
  messageId: "m-1",
  timestamp: 1,
})

describe("dead letters", () => {
  test("are listed and shown in place, and replayed as they came once the cause is gone", async () => {
    const input = keyedBySource()
    using folder = topicFolder(vhost.url, input)
    const messages = [
      [hostile, '{"no":"id"}'],
      [rawList({}), "{"],
      [rawList({ headers: [] }), '{"no":"id either"}'],
    ] as const
    await routed(input, folder, messages, messages.length)

    const listed = await dlq(folder, "ls")
    const source = input.source!.queue
    expect(listed).toMatchObject([
      { number: 1, reason: "missing_key", source, sizeBytes: 11 },
      { number: 2, reason: "invalid_json", source, sizeBytes: 1 },
      { number: 3, reason: "missing_key", source },
    ])
    for (const { time } of listed) expect(Date.now() - Date.parse(time)).toBeLessThan(60_000)
    const queue = `partymq.${folder.topic}.dlq`
    const isBack = () =>
      until(async () => (await depth(queue)) === messages.length, { what: "all to be back" })
    await isBack()
    expect(await dlq(folder, "ls", "--limit", "2")).toEqual(listed.slice(0, 2))
    await isBack()
    expect(await dlq(folder, "show", "1")).toEqual({
      ...listed[0],
      message: {
        headers: {
          // Of repeated headers RabbitMQ 4 drops all but the first.
          same: expect.stringMatching(/^(name|twice)$/),
          bytes: "/w==",
          long: "9223372036854775807",
          a: "after its betters",
        },
        contentType: "text/plain",
        id: "m-1",
        body: '{"no":"id"}',
      },
    })
    await isBack()
    const text = await runPartymq(["dlq", "ls", folder.topic], folder.options)
    expect(text.exitCode).toBe(0)
    expect(text.stdout.trimEnd().split("\n")).toHaveLength(1 + messages.length)
    await isBack()

    folder.configure({ ...input, onMissingKey: { key: "fallback" } })
    expect(await dlq(folder, "replay", "--limit", "1")).toEqual({ replayed: 1, rejectedAgain: 0 })
    await until(async () => (await depth(queue)) === 2, { what: "the rest to be back" })
    expect(await dlq(folder, "replay")).toEqual({ replayed: 1, rejectedAgain: 1 })
    const arrived = await take(vhost.url, `partymq.${folder.topic}.g.g1.p0`, 2)
    const expected = await untouched(vhost.url, [messages[0][0], messages[2][0]])
    expect(arrived.map(({ properties }) => hex(properties))).toEqual(expected.map(hex))
    expect(arrived.map(({ body }) => Buffer.from(body).toString())).toEqual(
      [messages[0], messages[2]].map(([, body]) => body),
    )
    await until(async () => (await depth(queue)) === 1, { what: "the rejected one to be back" })
    expect(await dlq(folder, "ls")).toMatchObject([{ number: 1, reason: "invalid_json" }])
  })

  test("that one group missed are replayed to that group alone, and kept when it is gone", async () => {
    await using user = await limitedUser(vhost)
    const input = keyedBySource({
      groups: { whole: { partitions: 1, ...classic }, broken: { partitions: 1, ...classic } },
      retry: { attemptsMax: 2, backoffMs: 5, backoffMaxMs: 20 },
    })
    using folder = topicFolder(user.url, input)
    const queueOf = (group: string) => `partymq.${folder.topic}.${group}.g1.p0`
    const declared = await runPartymq(["publish", folder.topic, "--key", "k"], folder.options)
    expect(declared.exitCode).toBe(0)
    {
      await using router = await serving("serve", folder.options)
      await isReady(router)
      await user.mayConfigure("^$")
      await management("DELETE", `/api/queues/${vhost.name}/${queueOf("broken")}`)
      const connection = await connect(vhost.url)
      const publisher = await RawPublisher.open(connection, input.source!.queue!)
      for (const id of [1, 2]) publisher.publish(rawList({}), bytesOf(`{"id":${id}}`))
      const queue = `partymq.${folder.topic}.dlq`
      await expectMessages(connection, queue, 2)
      await connection.shut(5_000)
      await user.mayConfigure(".*")
      router.child.kill("SIGTERM")
      expect(await router.child.exited).toBe(0)
    }
    const listed = await dlq(folder, "ls")
    expect(listed).toMatchObject([
      { reason: "unroutable", groups: ["broken"] },
      { reason: "unroutable", groups: ["broken"] },
    ])
    folder.configure({ ...input, groups: { whole: { partitions: 1, ...classic } } })
    const kept = await runPartymq(["dlq", "replay", folder.topic], folder.options)
    expect(kept.stdout).toBe("0 replayed, 2 rejected again and kept\n")
    expect(kept.stderr).toContain('group "broken", which is not configured')
    folder.configure(input)
    expect(await dlq(folder, "replay")).toEqual({ replayed: 2, rejectedAgain: 0 })
    expect(await depth(queueOf("broken"))).toBe(2)
    expect(await depth(queueOf("whole"))).toBe(3)
    expect(await depth(`partymq.${folder.topic}.dlq`)).toBe(0)
  })

  test("are deleted only when that is asked for in so many words", async () => {
    const input = keyedBySource()
    using folder = topicFolder(vhost.url, input)
    expect(await dlq(folder, "purge", "--force")).toEqual({ deleted: 0, left: 0 })
    expect(await dlq(folder, "ls")).toEqual([])
    await routed(input, folder, [[rawList({}), "{"]], 1)
    const refused = await runPartymq(["dlq", "purge", folder.topic], folder.options)
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" })
    expect(refused.stderr).toContain("nobody can be asked; --force does not ask")
    expect(await depth(`partymq.${folder.topic}.dlq`)).toBe(1)
    expect(await dlq(folder, "purge", "--force")).toEqual({ deleted: 1, left: 0 })
    expect(await depth(`partymq.${folder.topic}.dlq`)).toBe(0)
    const none = await runPartymq(["dlq", "show", folder.topic, "1"], folder.options)
    expect(none.exitCode).toBe(1)
    expect(none.stderr).toContain("there is no dead letter 1")
  })

  test("cannot be replayed while the broker is away, which is said in time", async () => {
    const settings = { http: { publishTimeoutMs: 300 } }
    const away = "amqp://nobody:hush@127.0.0.1:1"
    using folder = topicFolder(away, keyedBySource(), { settings })
    const run = await runPartymq(["dlq", "replay", folder.topic], folder.options)
    expect(run.exitCode).toBe(1)
    expect(run.stderr).toContain("the broker cannot be reached: cannot connect")
    expect(run.stderr).not.toContain("hush")
  })
})
