import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import { visitMessages } from "../../src/broker/dead-letters.ts"
import { readNote } from "../../src/core/dead-letter.ts"
import { deadLetterQueue } from "../../src/core/generation.ts"
import type { ParkedKeyDescriptions } from "../../src/http/parked-key-schemas.ts"
import { connect } from "../support/raw-client.ts"
import { until } from "../support/until.ts"
import { withVhost } from "../support/vhost.ts"
import { type GroupScene, withScene } from "./group-scene.ts"

const vhost = withVhost()
const open = withScene(vhost)

interface Said {
  readonly handled?: string
  readonly deadLettered?: string
  readonly parked?: string
  readonly detail?: string
}

/** Starts the consumer again whenever it went down, until that is enough. */
async function live(here: GroupScene, onPoison: string, isEnough: (said: Said[]) => boolean) {
  const program = join(import.meta.dir, "deadly-member.ts")
  const said: Said[] = []
  let lives = 0
  while (!isEnough(said)) {
    lives += 1
    const child = Bun.spawn([process.execPath, program, here.url, here.http, onPoison], {
      stdout: "pipe",
      stderr: "inherit",
    })
    const reading = (async () => {
      let rest = ""
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n")
        rest = lines.pop()!
        for (const line of lines) said.push(JSON.parse(line))
        if (isEnough(said)) child.kill("SIGTERM")
      }
    })()
    await child.exited
    await reading
  }
  return { said, lives }
}

const handled = (said: readonly Said[]) => said.flatMap(({ handled = [] }) => handled)
const detail = "delivered 4 times to consumers that went down or were cut off, and never acked"
const others = ["a", "b", "c", "d", "e", "f"]

async function publishAll(here: GroupScene): Promise<void> {
  for (const text of ["a", "b", "c", "deadly", "d", "e", "f"])
    await here.publish(`of ${text}`, text)
}

describe("a message that brings its consumer down again and again", () => {
  test("is dead-lettered, and nothing that was delivered beside it", async () => {
    const here = await open({ type: "quorum", partitions: 1 })
    await publishAll(here)
    const { said, lives } = await live(here, "dead-letter", (all) => handled(all).includes("f"))
    expect(said).toContainEqual({ deadLettered: "deadly", detail })
    expect([...new Set(handled(said))].sort()).toEqual(others)
    expect(lives).toBe(5)
    const connection = await connect(here.url)
    const notes: unknown[] = []
    await visitMessages(connection, deadLetterQueue("t"), 10, ({ properties }) => {
      notes.push(readNote(properties))
      return "keep"
    })
    await connection.shut(5_000)
    const reason = "deliveries_exhausted"
    expect(notes).toEqual([expect.objectContaining({ reason, detail, groups: ["g"] })])
  }, 60_000)

  test("parks its key, where keys are parked", async () => {
    const here = await open({ type: "quorum", partitions: 1 })
    await publishAll(here)
    await here.publish("of deadly", "its next")
    const { said } = await live(here, "park-key", (all) =>
      all.some((each) => each.parked === "its next"),
    )
    expect(said).toContainEqual({ parked: "deadly", detail })
    expect([...new Set(handled(said))].sort()).toEqual(others)
    const response = await fetch(`${here.http}/v1/topics/t/groups/g/keys`)
    const { keys } = (await response.json()) as ParkedKeyDescriptions
    expect(keys).toMatchObject([{ key: "of deadly", detail, messages: 2 }])
  }, 60_000)
})

for (const [type, deliveriesMax] of [
  ["classic", 4],
  ["quorum", "unlimited"],
] as const) {
  test(`a message of a ${type} queue is handled with a limit of ${deliveriesMax}, whatever its count says`, async () => {
    const here = await open({ type, partitions: 1 })
    const queue = "partymq.t.g.g1.p0"
    const connection = await connect(here.url)
    const sending = await connection.plainChannel()
    // As it may have come from another queue that did count.
    const headers = { k: "a", "x-delivery-count": 4 }
    await sending.confirmSelect()
    await sending.basicPublish("", queue, "again", { headers, deliveryMode: 2 })
    for (let n = 0; n < 4; n++) {
      const losing = await connection.plainChannel()
      let isDelivered = false
      await losing.basicConsume(queue, { noAck: false }, () => {
        isDelivered = true
      })
      await until(() => isDelivered, { what: "a delivery" })
      await losing.close()
    }
    const counts: number[] = []
    const consumer = await here.join({
      deliveriesMax,
      handler: ({ deliveryCount }) => void counts.push(deliveryCount),
    })
    await until(() => consumer.counts.handled === 1, { what: "the message" })
    expect(counts).toEqual([5])
    expect(consumer.counts.deadLettered).toBe(0)
    await connection.shut(5_000)
  }, 30_000)
}
