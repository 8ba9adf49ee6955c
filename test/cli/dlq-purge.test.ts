import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { join } from "node:path"
import type { Connection } from "../../src/broker/connection.ts"
import { countMessages } from "../../src/broker/dead-letters.ts"
import { readQueue } from "../../src/broker/queue-reader.ts"
import { annotate } from "../../src/core/dead-letter.ts"
import { expectMessages } from "../support/expect-messages.ts"
import { connect, RawPublisher, take } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { bytesOf, rawList } from "../wire/property-list.ts"
import { partymqCommand, runPartymq } from "./partymq.ts"
import { topicFolder } from "./topic-folder.ts"

setDefaultTimeout(60_000)
const vhost = withVhost()

let connection: Connection
beforeAll(async () => {
  connection = await connect(vhost.url)
})
afterAll(() => connection.shut(5_000))

/** A topic's dead-letter queue, and what puts letters of this moment there, named one by one. */
async function letters(more: { readonly [argument: string]: boolean } = {}) {
  const folder = topicFolder(vhost.url, { groups: { g: {} } })
  const queue = `partymq.${folder.topic}.dlq`
  const channel = await connection.plainChannel()
  await channel.queueDeclare(queue, { durable: true }, { "x-queue-type": "quorum", ...more })
  await channel.close()
  const publisher = await RawPublisher.open(connection, queue)
  const arrive = async (names: readonly string[]) => {
    const time = new Date().toISOString()
    const note = { reason: "invalid_json", detail: "", time, source: "s" } as const
    const properties = annotate(rawList({ deliveryMode: 1 }), note, 131_072)
    for (const name of names) publisher.publish(properties, bytesOf(name))
    await publisher.unconfirmedAtMost(0)
  }
  const bodies = async (count: number) => {
    // What was held is back a little later.
    await until(async () => ((await countMessages(connection, queue)) ?? 0) >= count, {
      what: `${count} letters`,
    })
    const taken = await take(vhost.url, queue, count)
    return taken.map(({ body }) => Buffer.from(body).toString())
  }
  return { folder, queue, arrive, bodies }
}

const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`)

/** At a terminal, with stdout in a file of its own. */
function atTerminal({ topic, options }: ReturnType<typeof topicFolder>, ...more: string[]) {
  const stdout = join(options.folder, "stdout")
  const { PATH = "", HOME = "" } = process.env
  let shown = ""
  const command = partymqCommand(["dlq", "purge", topic, "--output", "json", ...more])
  const child = Bun.spawn(["sh", "-c", 'exec "$@" > "$0"', stdout, ...command], {
    cwd: options.folder,
    env: { PATH, HOME, ...options.environment },
    terminal: {
      data(_, bytes) {
        shown += Buffer.from(bytes).toString()
      },
    },
  })
  return {
    child,
    shows: (text: string) => until(() => shown.includes(text), { what: () => `${text}: ${shown}` }),
    answer: (text: string) => void child.terminal!.write(`${text}\n`),
    async printed(): Promise<unknown> {
      expect(await child.exited).toBe(0)
      return JSON.parse(await Bun.file(stdout).text())
    },
  }
}

describe("dlq purge", () => {
  test("deletes what it has asked about, not what came while it waited for the answer", async () => {
    const { folder, queue, arrive, bodies } = await letters()
    await arrive(named("old", 30))
    const purging = atTerminal(folder)
    await purging.shows(`Delete 30 messages of "${queue}" for good? [y/N]`)
    await arrive(named("new", 12))
    purging.answer("y")
    expect(await purging.printed()).toEqual({ deleted: 30, left: 12 })
    expect(await bodies(12)).toEqual(named("new", 12))
  })

  test("deletes no later letter in place of one that somebody has taken meanwhile", async () => {
    const { folder, arrive, bodies } = await letters()
    await arrive(named("old", 30))
    const purging = atTerminal(folder)
    await purging.shows("Delete 30 messages")
    await bodies(20)
    await arrive(named("new", 12))
    purging.answer("yes")
    expect(await purging.printed()).toEqual({ deleted: 10, left: 12 })
    expect(await bodies(12)).toEqual(named("new", 12))
  })

  test("deletes nothing unless the answer is yes", async () => {
    const { folder, queue, arrive } = await letters()
    await arrive(named("old", 3))
    for (const answer of ["", "n", "yesterday"]) {
      const purging = atTerminal(folder)
      await purging.shows("Delete 3 messages")
      purging.answer(answer)
      expect(await purging.printed()).toEqual({ deleted: 0, left: 3 })
    }
    const purging = atTerminal(folder)
    await purging.shows("Delete 3 messages")
    // Ctrl-C
    purging.child.terminal!.write("\x03")
    expect(await purging.child.exited).not.toBe(0)
    await expectMessages(connection, queue, 3)
  })

  test("deletes thousands by force while more arrive all the time, and leaves those", async () => {
    const { folder, queue, arrive, bodies } = await letters()
    await arrive(named("old", 3_000))
    const args = ["dlq", "purge", folder.topic, "--force", "--output", "json"]
    const run = runPartymq(args, folder.options)
    let isOver = false
    let later = 0
    void run.finally(() => (isOver = true))
    while (!isOver) await arrive([`new${++later}`])
    const { exitCode, stdout } = await run
    expect(exitCode).toBe(0)
    const { deleted } = JSON.parse(stdout)
    // The first of the new ones may have come before it counted.
    expect(deleted).toBeGreaterThanOrEqual(3_000)
    const left = 3_000 + later - deleted
    expect(left).toBeGreaterThan(0)
    await expectMessages(connection, queue, left)
    expect(await bodies(left)).toEqual(named("new", later).slice(deleted - 3_000))
  })

  test("shows how far it is, and when it is interrupted leaves what it did not delete", async () => {
    const { folder, queue, arrive, bodies } = await letters({ "x-single-active-consumer": true })
    await arrive(named("old", 3))
    // As long as another reads the queue, the purge gets nothing of it.
    const active = { prefetch: 1, delivered: () => {}, ended: () => {} }
    const holder = await readQueue(connection, queue, active)
    await expectMessages(connection, queue, 2)
    const purging = atTerminal(folder, "--force")
    await purging.shows("deleting messages: 0 of 2 (")
    purging.child.terminal!.write("\x03")
    await purging.shows('"code":"purge_interrupted"')
    await purging.shows("0 of 2 messages are deleted, and 2 are left")
    expect(await purging.child.exited).toBe(1)
    await holder.close()
    expect(await bodies(3)).toEqual(named("old", 3))
  })
})
